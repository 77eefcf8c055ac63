import type { ReplayResult } from '../../assembly/build-replay.ts'
import { openStore } from '../../assembly/open-store.ts'
import type { TemporaryStore } from '../../assembly/temporary-store.ts'
import type { Config } from '../../config/load/config.ts'
import { nameOfDatabase } from '../../config/load/server-url.ts'
import { compareStores } from '../../replay/compare/compare-stores.ts'
import type { MadeEvents } from '../../replay/dry-run/made-events.ts'
import { printNote } from '../program.ts'
import { tellWait } from '../tell-wait.ts'
import { printComparisons } from './print-comparisons.ts'
import type { ReplayCommandOptions } from './replay-options.ts'

type DryRun = {
  readonly config: Config
  readonly temporary: TemporaryStore
  readonly result: ReplayResult
  readonly made: MadeEvents
  readonly signal: AbortSignal
}

/** Prints which streams of a dry run differ from those in the database. Sets the exit code to 1 when some do. */
export async function compareWithDatabase(
  { config, temporary, result, made, signal }: DryRun,
  options: ReplayCommandOptions,
): Promise<void> {
  const { winchester } = config
  if (winchester.purge_completed_streams)
    printNote('purge_completed_streams is on: completed streams are not in the database any more')
  const before = await tellWait(nameOfDatabase(winchester.database.url), openStore(config))
  try {
    const { first, last } = result.counts
    const comparisons = compareStores({
      before,
      after: temporary.store,
      now: result.now,
      span: { first, last },
      madeTypes: made.types,
      made: made.byStream(),
      hasExactTimes: false,
      signal,
    })
    await printComparisons(comparisons, options)
  } finally {
    await before.close()
  }
}
