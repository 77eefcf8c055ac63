// Measures, prints one JSON line per figure, and asserts nothing.
//
//   npm run -s bench

import { benchDistill } from './distill.ts'
import { benchPaths } from './paths.ts'

await benchDistill()
benchPaths()
