import type { ClockSettings } from '../clock/read-clock.ts'
import type { CriteriaTexts } from '../formats/tally-form.ts'
import { type OpenApi, openApiDocument } from '../http/openapi.ts'
import type { Operation } from '../http/operation.ts'
import type { ActionRunner } from '../repair/action-runner.ts'
import type { Actions } from '../store/ports/actions.ts'
import type { DeadLetterBox } from '../store/ports/dead-letter-box.ts'
import type { Queries } from '../store/ports/queries.ts'
import type { Replays } from '../store/ports/replays.ts'
import type { Samples } from '../store/ports/samples.ts'
import type { StreamRuns } from '../store/ports/stream-runs.ts'
import type { Tail } from '../store/ports/tail.ts'
import type { Tallies } from '../store/ports/tallies.ts'
import type { Watermarks } from '../store/ports/watermarks.ts'
import type { Trigger } from '../streams/trigger.ts'
import { actionOperations } from './actions.ts'
import { type ArchiveLister, archiveOperation } from './archives.ts'
import { clockOperations } from './clock.ts'
import { deadLetterOperations } from './dead-letters.ts'
import { eventOperations } from './events.ts'
import { eventsFeedOperation } from './events-feed.ts'
import { streamExplainOperation } from './explain-stream.ts'
import { type HekaReader, hekaOperation } from './heka.ts'
import { levelsOperation } from './levels.ts'
import {
  type NotificationExplainer,
  type NotificationFinder,
  notificationViewOperations,
} from './notification-views.ts'
import { type NotificationTaker, notificationOperation } from './notifications.ts'
import { sampleOperations } from './samples.ts'
import { COMPONENTS } from './shapes.ts'
import { type ShipLister, shipOperation } from './ship.ts'
import { streamOperations } from './streams.ts'
import { tailOperation } from './tail.ts'
import { droppedOperation, triggersOperation } from './tallies.ts'
import { timelineOperation } from './timeline.ts'

/** The ports of the store that the API uses. */
export type ApiStore = Queries &
  StreamRuns &
  DeadLetterBox &
  Actions &
  Tallies &
  Tail &
  Samples &
  Pick<Watermarks, 'readReports'> &
  Pick<Replays, 'readReplay'>

/** What the operations of the API work on. */
export type OperationParts = {
  readonly store: ApiStore
  /** runs bulk actions */
  readonly runner: ActionRunner
  /** takes notifications that are posted; absent where the server distils nothing */
  readonly take?: NotificationTaker | undefined
  /** lists the files of the archive; absent where the server has none */
  readonly listArchives?: ArchiveLister | undefined
  /** lists the hosts that ship files; absent where the server knows no ship-server */
  readonly listShipHosts?: ShipLister | undefined
  /** reads the statistics of Heka; absent where the server knows no daemon of statistics */
  readonly readHeka?: HekaReader | undefined
  /** how the event clock is configured (auto, a week of patience) */
  readonly clock?: ClockSettings | undefined
  /** triggers of the configuration, whose criteria explanations show (none) */
  readonly triggers?: readonly Trigger[] | undefined
  /** the criteria of triggers by their names, as the configuration has them (none) */
  readonly criteria?: ReadonlyMap<string, CriteriaTexts> | undefined
  /** finds raw notifications; absent where the server has no archive */
  readonly findNotification?: NotificationFinder | undefined
  /** explains notifications; absent where the server distils nothing */
  readonly explainNotification?: NotificationExplainer | undefined
  /** names of the traits that a bare value is looked for under (none) */
  readonly searchedTraits?: readonly string[] | undefined
}

const DEFAULT_CLOCK: ClockSettings = { mode: 'auto', patienceMs: 7 * 86_400_000 }

/** Returns all operations of the API. */
export function apiOperations({
  store,
  runner,
  take,
  listArchives,
  listShipHosts,
  readHeka,
  clock = DEFAULT_CLOCK,
  triggers = [],
  criteria,
  findNotification: find,
  explainNotification: explain,
  searchedTraits = [],
}: OperationParts): Operation[] {
  return [
    ...streamOperations(store),
    streamExplainOperation({ store, clock, triggers }),
    ...eventOperations(store),
    eventsFeedOperation(store),
    notificationOperation(take),
    ...notificationViewOperations(store, { find, explain }),
    timelineOperation(store, searchedTraits),
    ...deadLetterOperations(store, runner),
    ...actionOperations(store, runner),
    archiveOperation(listArchives),
    shipOperation(listShipHosts),
    hekaOperation(readHeka),
    triggersOperation(store, triggers, criteria),
    droppedOperation(store),
    tailOperation(store),
    ...sampleOperations(store),
    levelsOperation(store, clock.now ?? (() => Date.now() * 1000)),
    ...clockOperations(store, clock),
  ]
}

/** Returns the OpenAPI document of the API's operations. */
export function apiDocument(operations: readonly Operation[]): OpenApi {
  return openApiDocument(operations, {
    title: 'StackTach',
    description: 'Streams of events that were distilled from notifications, and the events themselves.',
    components: COMPONENTS,
  })
}
