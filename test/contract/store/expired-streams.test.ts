import { afterAll, beforeAll, describe, test } from 'vitest'
import type { OpenDatabase } from '../../../src/store/dialect.ts'
import { DATABASES } from '../../support/databases.ts'
import { playInterleavings } from '../../support/interleaving.ts'

/** A run takes a server far longer than the embedded database. */
const RUNS = process.env.STACKTACH_TEST_LONG === undefined ? 6 : 300

describe.each(DATABASES)('store on $name: streams that have expired', ({ open }) => {
  let database: OpenDatabase

  beforeAll(async () => {
    database = await open()
  })
  afterAll(() => database.db.destroy())

  test.each([2, 3, 4])('no event joins one, of %i consumers step by step', (consumers) =>
    playInterleavings(database, { consumers, together: 1, runs: RUNS }),
  )

  test.each([2, 3, 4])('no event joins one, of %i consumers at the same time', (consumers) =>
    playInterleavings(database, { consumers, together: 6, runs: RUNS }),
  )
})
