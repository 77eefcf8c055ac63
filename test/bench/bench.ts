// Measures, prints one JSON line per figure, and asserts nothing.
//
//   npm run -s bench                    everything
//   npm run -s bench -- generate        what is named only

import { benchContention } from './contention.ts'
import { benchDistill } from './distill.ts'
import { benchFire } from './fire.ts'
import { benchGenerate } from './generate.ts'
import { benchGrowth } from './growth.ts'
import { benchIngest } from './ingest/ingest.ts'
import { benchLatency } from './latency.ts'
import { benchMemory } from './memory.ts'
import { benchPaths } from './paths.ts'

const BENCHES: { readonly [name: string]: () => void | Promise<void> } = {
  distill: benchDistill,
  paths: benchPaths,
  generate: benchGenerate,
  ingest: benchIngest,
  fire: benchFire,
  memory: benchMemory,
  latency: benchLatency,
  contention: benchContention,
  growth: benchGrowth,
}

const names = process.argv.slice(2)
const unknown = names.find((name) => !BENCHES[name])
if (unknown !== undefined) {
  process.stderr.write(`there is no bench ${unknown}; there are ${Object.keys(BENCHES).join(', ')}\n`)
  process.exit(2)
}
for (const [name, run] of Object.entries(BENCHES)) {
  if (names.length === 0 || names.includes(name)) await run()
}
