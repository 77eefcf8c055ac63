import type { Actions } from './ports/actions.ts'
import type { DeadLetterBox } from './ports/dead-letter-box.ts'
import type { Intake } from './ports/intake.ts'
import type { Queries } from './ports/queries.ts'
import type { Redistil } from './ports/redistil.ts'
import type { Replays } from './ports/replays.ts'
import type { Samples } from './ports/samples.ts'
import type { StreamRuns } from './ports/stream-runs.ts'
import type { Tail } from './ports/tail.ts'
import type { Tallies } from './ports/tallies.ts'
import type { Upkeep } from './ports/upkeep.ts'
import type { Watermarks } from './ports/watermarks.ts'

/**
 * A database of events, streams and dead letters: twelve ports over one connection pool. A part takes the ports that
 * it needs, `Intake & DeadLetterBox` rather than `Store`.
 *
 * Every method is one transaction or one query. It rejects with TransientError when the database is away or a
 * lock was not granted. Then nothing was changed, or, when the connection broke at the commit, everything
 * was; repeating the call does no harm.
 */
export interface Store
  extends Intake,
    StreamRuns,
    Queries,
    DeadLetterBox,
    Actions,
    Upkeep,
    Tallies,
    Samples,
    Tail,
    Redistil,
    Replays,
    Watermarks {
  /** Resolves when the database answers. */
  ping(): Promise<void>
  /** Closes every connection. */
  close(): Promise<void>
}
