import { afterAll, beforeAll, test } from 'vitest'
import type { OpenDatabase } from '../../../../src/store/dialect.ts'
import { DATABASES } from '../../../support/databases.ts'
import { playInterleavings } from '../../../support/interleaving.ts'

const RUNS = process.env.STACKTACH_TEST_LONG === undefined ? 80 : 2000
const embedded = DATABASES.filter(({ name }) => name === 'sqlite')
let database: OpenDatabase

beforeAll(async () => {
  database = await (embedded[0] as (typeof DATABASES)[number]).open()
})
afterAll(() => database.db.destroy())

test.each([2, 3, 4])(
  'no event joins a stream that has expired by a later clock than its batch saw, of %i consumers',
  (consumers) => playInterleavings(database, { consumers, together: 1, runs: RUNS }),
)
