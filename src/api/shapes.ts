import { z } from 'zod'
import { ACTION_STATES, LETTER_VERBS, OUTCOMES, type Outcome, STREAM_VERBS } from '../domain/action.ts'
import { RECEIPT_OUTCOMES } from '../domain/receipt.ts'
import { RETRIED_OUTCOMES } from '../domain/retried.ts'
import { STREAM_STATES, type StreamState } from '../domain/stream.ts'

import { letterActionBody, streamActionBody } from './action-request.ts'

// Schemas of the answers of the API, for /openapi.json.

const isoTime = z.string().meta({
  description: 'UTC, without a zone; six digits of fraction where it is not zero',
  examples: ['2026-01-31T12:00:00', '2026-01-31T12:00:00.000001'],
})

const datetime = z
  .object({ __type__: z.literal('datetime'), datetime: isoTime })
  .meta({ id: 'Datetime', description: 'a time' })

const timeRange = z
  .object({ __type__: z.literal('timex.TimeRange'), begin: isoTime, end: isoTime })
  .meta({ id: 'TimeRange', description: 'begin inclusive, end exclusive' })

const value = z
  .union([z.string(), z.number(), z.null(), datetime, timeRange])
  .meta({ id: 'Value', description: 'value of a trait; integers of 64 bits are exact' })

const mark = z.string().meta({ description: 'for the parameter `mark`', examples: ['1a4', '+1a4'] })

export const event = z
  .object({ event_type: z.string(), message_id: z.string(), timestamp: datetime })
  .catchall(value)
  .meta({ id: 'Event', description: 'the traits stand beside the three that every event has' })

export const listedEvent = event.extend({ _mark: mark }).catchall(value).meta({ id: 'ListedEvent' })

export const stream = z
  .object({
    id: z.int(),
    name: z.string().meta({ description: 'name of its trigger' }),
    state: z.enum(STREAM_STATES),
    first_event: datetime.nullable(),
    last_event: datetime.nullable(),
    fire_timestamp: datetime.nullable(),
    expire_timestamp: datetime.nullable(),
    distinguishing_traits: z.record(z.string(), value),
    _mark: mark,
    is_of_replay: z
      .boolean()
      .optional()
      .meta({ description: 'whether a replay that has not ended holds it, and no other worker runs it' }),
    event_count: z.int().optional().meta({ description: 'only with `counts`' }),
    attempts: z.int().optional().meta({
      description: 'runs of its pipeline that were begun and not successful; only with `counts`',
    }),
    last_error: z
      .string()
      .optional()
      .meta({ description: 'why the last run of its pipeline failed; absent where none did' }),
    events: z.array(event).optional().meta({ description: 'only with `details`' }),
  })
  .meta({ id: 'Stream' })

export const counts = z.array(z.object({ count: z.int().min(0) })).meta({ id: 'Counts' })

/** The event clock, and who holds it back. */
export const clock = z
  .object({
    clock: z.enum(['auto', 'wall', 'time_sync']).meta({ description: 'as configured' }),
    now: datetime.nullable().meta({ description: 'null where a time service knows it' }),
    follows: z.enum(['wall clock', 'notifications', 'time service']),
    since: datetime.nullable().meta({ description: 'when the notifications were begun to be followed' }),
    held_by: z.array(
      z.object({
        queue: z.string(),
        consumer: z.string().meta({ description: 'name of the process' }),
        why: z.enum(['backlog', 'stuck', 'unread', 'starting', 'gone', 'silent']),
        at: datetime.meta({ description: 'event time at which it holds the clock' }),
        since: datetime,
      }),
    ),
  })
  .meta({ id: 'Clock', description: 'the event clock; the earliest hold comes first' })

const criterion = z
  .object({
    criterion: z.string().meta({ description: 'as triggers.yaml has it' }),
    needed: z.int(),
    seen: z.int().nullable().meta({
      description: 'as counted with the stream; null where the criterion is newer than its last event',
    }),
    is_met: z.boolean(),
    misses: z
      .array(
        z.object({
          reason: z.string(),
          events: z.int().meta({ description: 'number of events with this reason' }),
          latest: z.object({ message_id: z.string(), event_type: z.string(), timestamp: isoTime }),
        }),
      )
      .meta({ description: 'why events of the stream do not meet it, the commonest reason first' }),
    other_types: z
      .array(z.string())
      .meta({ description: "types of the stream's events, where the criterion accepts none of them" }),
  })
  .meta({ id: 'FireCriterion' })

/** Why a stream has not fired. */
export const streamExplanation = z
  .object({
    id: z.int(),
    name: z.string().meta({ description: 'name of its trigger' }),
    state: z.enum(STREAM_STATES),
    why: z.array(z.string()).meta({ description: 'whole sentences; the first is the answer' }),
    fire_criteria: z.array(criterion),
    event_count: z.int(),
    attempts: z.int().meta({ description: 'runs of its pipeline that were begun and not successful' }),
    last_error: z.string().nullable().meta({ description: 'handler and stack of the last run that failed' }),
  })
  .meta({ id: 'StreamExplanation' })

/** What could not be processed. */
export const deadLetter = z
  .object({
    id: z.int(),
    stage: z.string().meta({
      description: 'what failed: decode, validate, distill, size, store, pipeline, commit, or `app:NAME`',
    }),
    reason: z.string(),
    queue: z.string().nullable(),
    at: isoTime,
    bytes: z.int().meta({ description: 'size of the body' }),
    body: z
      .union([z.string(), z.object({ base64: z.string() })])
      .optional()
      .meta({ description: 'of a single one: UTF-8 as text, anything else in base64' }),
    _mark: mark.optional(),
  })
  .meta({ id: 'DeadLetter' })

const change = z.object({ trait: z.string(), from: value, to: value }).meta({ id: 'Change' })

const changes = z.array(change).meta({ description: 'traits that differ from those of earlier events' })

const timelineEntry = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('event'),
      at: isoTime,
      event_type: z.string(),
      message_id: z.string(),
      is_failure: z.boolean(),
      message: z.string().nullable().meta({ description: 'what a failure says about itself' }),
      changes,
      user_id: z.string().nullable(),
      request_id: z.string().nullable(),
    }),
    z.object({
      kind: z.literal('folded').meta({ description: 'updates that follow each other' }),
      at: isoTime,
      until: isoTime,
      event_type: z.string(),
      count: z.int(),
      changes,
    }),
    z.object({
      kind: z.literal('stream'),
      at: isoTime,
      stream: z.int(),
      name: z.string().meta({ description: 'name of its trigger' }),
      what: z.enum(['opened', 'fires', 'expires', 'completed']).meta({
        description: '`completed` where it is not certain whether it fired or expired',
      }),
      state: z.enum(STREAM_STATES),
      error: z.string().nullable(),
    }),
  ])
  .meta({ id: 'TimelineEntry' })

/** The story of a resource. */
export const timeline = z
  .object({
    traits: z.record(z.string(), z.string()),
    entries: z.array(timelineEntry).meta({ description: 'in the order of time' }),
    events: z.int(),
    is_truncated: z.boolean().meta({ description: 'whether older events are left out' }),
    has_more_streams: z.boolean().meta({ description: 'whether older streams are left out' }),
  })
  .meta({ id: 'Timeline' })

/** What became of a dead letter that was driven in again. */
export const retried = z
  .object({
    outcome: z.enum(RETRIED_OUTCOMES),
    description: z.string().meta({ description: 'the outcome as a sentence' }),
    stage: z.string().optional().meta({ description: 'where it failed again' }),
    reason: z.string().optional().meta({ description: 'why it failed again' }),
    remark: z
      .string()
      .optional()
      .meta({ description: 'what did not happen, though it may have been wanted' }),
  })
  .meta({ id: 'Retried' })

/** A file of the archive. */
export const archiveFile = z
  .object({
    file: z.string().meta({ description: 'name within the folder of its archive' }),
    queues: z.array(z.string()).meta({ description: 'queues whose notifications it holds' }),
    form: z.enum(['lines', 'shoebox']),
    compression: z.enum(['none', 'gzip', 'zstd']),
    bytes: z.int(),
    from_index: z.boolean().meta({ description: 'whether it has an index, which tells all that follows' }),
    being_written: z.boolean(),
    content_bytes: z.int().optional().meta({ description: 'size when unpacked' }),
    records: z.int().optional(),
    first: isoTime.nullable().optional().meta({ description: 'earliest timestamp' }),
    last: isoTime.nullable().optional().meta({ description: 'latest timestamp' }),
    without_time: z.int().optional().meta({ description: 'records without a timestamp' }),
    types: z.record(z.string(), z.int()).optional().meta({ description: 'number of records by event type' }),
    sha256: z.string().optional(),
  })
  .catchall(z.unknown())
  .meta({ id: 'ArchiveFile' })

/** What became of a notification that was posted. */
export const receipt = z
  .object({
    outcome: z.enum(RECEIPT_OUTCOMES).meta({
      description:
        'stored as an event; a duplicate of a stored one; dropped, since no event definition matches; filtered by its queue; or kept as a dead letter',
    }),
    message_id: z.string().nullable().meta({ description: 'null where it could not be read' }),
    event_type: z.string().nullable(),
    stage: z.string().optional().meta({ description: 'of dead letters: what failed' }),
    reason: z.string().optional().meta({ description: 'of dead letters' }),
  })
  .meta({ id: 'Receipt' })

const count = z.int().min(0)

export const action = z
  .object({
    id: z.int(),
    target: z.enum(['streams', 'dead-letters']),
    action: z.enum([...new Set([...STREAM_VERBS, ...LETTER_VERBS])]),
    filter: z.record(z.string(), z.string()).meta({ description: 'as it was given' }),
    token: z.string().nullable().meta({ description: 'name of the token; null where the API needs none' }),
    state: z.enum(ACTION_STATES),
    created_at: isoTime,
    ended_at: isoTime.nullable(),
    total: count.meta({ description: 'number of its items' }),
    error: z.string().nullable().meta({ description: 'what keeps it from going on, or ended it' }),
    outcomes: z
      .object(
        Object.fromEntries(OUTCOMES.map((outcome) => [outcome, count])) as { [O in Outcome]: typeof count },
      )
      .optional()
      .meta({
        description:
          'of a single one. `running`: streams whose pipelines have not come to an end since; `failed`: not possible, or failed again',
      }),
    _mark: mark.optional(),
  })
  .meta({ id: 'Action', description: 'something that was done to many streams or dead letters' })

/** The answer to a bulk action: what it would be done to, or its record. */
export const actionAnswer = z.union([z.object({ dry_run: z.literal(true), count }), action])

export const actionResult = z
  .object({
    id: z.int().meta({ description: 'number of the stream or the dead letter' }),
    outcome: z.enum(OUTCOMES),
    reason: z.string().nullable().meta({ description: 'why it failed, or what became of it' }),
    _mark: mark,
  })
  .meta({ id: 'ActionResult' })

/** Notifications that no event definition matches, of one queue and type. */
export const droppedType = z
  .object({
    queue: z.string(),
    event_type: z.string().meta({ description: '`others`: types beyond the first 200 of a process' }),
    count: count.meta({ description: 'since consumers began to count' }),
    first_at: isoTime,
    last_at: isoTime,
  })
  .meta({ id: 'DroppedType' })

export const triggerCounters = z
  .object({
    name: z.string(),
    is_configured: z.boolean().meta({ description: "whether the API's triggers.yaml has it" }),
    distinguished_by: z.array(z.string()),
    criteria: z
      .object({ match: z.array(z.string()), fire: z.array(z.string()), expiration: z.string() })
      .nullable()
      .meta({ description: 'as the configuration has them, each on one line' }),
    fire_pipeline: z.string().nullable(),
    expire_pipeline: z.string().nullable(),
    matched: count.meta({ description: 'events' }),
    mismatched: count.meta({ description: 'events of a type that it accepts, which do not match' }),
    mismatches: z
      .array(z.object({ reason: z.string(), count, last_at: isoTime }))
      .meta({ description: 'the commonest reasons first, at most 20' }),
    misplaced: count.meta({ description: 'events that match and can join no stream' }),
    streams: z
      .object(
        Object.fromEntries(STREAM_STATES.map((state) => [state, count])) as {
          [S in StreamState]: typeof count
        },
      )
      .meta({ description: 'stored streams by state' }),
    ready: count.meta({ description: 'active streams whose fire criteria are met' }),
    fired: count.meta({ description: 'streams whose fire pipeline was successful' }),
    expired: count,
    failed: count.meta({ description: 'runs that ended in an error state' }),
    mean_seconds_to_fire: z
      .number()
      .nullable()
      .meta({ description: 'from the first event until the stream fired, by the event clock' }),
  })
  .meta({ id: 'TriggerCounters' })

/** A message of a tail; its place is the id of the server-sent event. */
export const tailMessage = z
  .union([
    event,
    z.object({
      id: z.int(),
      name: z.string().meta({ description: 'name of its trigger' }),
      what: z.enum(['opened', 'changed']),
      state: z.enum(STREAM_STATES),
      at: isoTime
        .nullable()
        .meta({ description: 'machine time of the change; null for one that was opened' }),
      distinguishing_traits: z.record(z.string(), value),
      last_error: z.string().optional(),
    }),
    deadLetter,
    z.object({ reason: z.string() }),
    z.object({
      specversion: z.literal('1.0'),
      id: z.string().meta({ description: 'unique together with `source`; the same each time it is told' }),
      source: z.string(),
      type: z.string().meta({ description: 'of an event its event type' }),
      subject: z.string().optional().meta({ description: 'of a stream its id' }),
      time: z.string().optional(),
      datacontenttype: z.literal('application/json'),
      data: z.unknown().meta({
        description: 'of an event its traits in the typed form; else what `format=rest` has',
      }),
    }),
  ])
  .meta({
    id: 'TailMessage',
    description:
      'data of the messages `event`, `stream`, `dead-letter`; and of `gap` (some changes are not kept any more), `waiting` (for the database) and `dropped` (the reader was too slow; the last message)',
  })

const seconds = z.number().nullable()

/** Figures over time. */
export const samples = z
  .object({
    step_s: z.int(),
    at: z.array(z.number()).meta({ description: 'times of the samples, seconds since the epoch' }),
    figures: z.record(z.string(), z.array(z.number().nullable())).meta({
      description:
        'by name; counts only grow: `taken.QUEUE`, `dropped.QUEUE`, `fired.TRIGGER`, `expired.TRIGGER`, `failed.TRIGGER`; `streams.STATE`, `letters.STAGE`; `lag.QUEUE` in seconds',
    }),
  })
  .meta({ id: 'Samples' })

export const processRow = z
  .object({
    name: z.string(),
    role: z.string().meta({ description: 'consumer, worker or up' }),
    started_at: isoTime,
    heard_at: isoTime,
    age_s: z.number().meta({ description: 'seconds since then' }),
    is_silent: z.boolean().meta({ description: 'whether it was not heard of for 30 s' }),
  })
  .meta({ id: 'Process' })

const level = z
  .object({
    day: z.string().nullable().meta({ description: 'UTC; null over all days' }),
    operation: z.string(),
    value: z.string().nullable().meta({ description: 'of what is told apart; null where it has none' }),
    attempts: count,
    done: count,
    failed: count,
    unfinished: count.meta({ description: 'neither ended nor failed within 6 h' }),
    ...{ mean_s: seconds, p50_s: seconds, p90_s: seconds, p99_s: seconds, max_s: seconds },
    histogram: z.array(count).meta({ description: 'attempts by bucket; the last one is of longer ones' }),
  })
  .meta({ id: 'ServiceLevel' })

/** How long operations take. */
export const levels = z
  .object({
    by: z.string().nullable(),
    buckets_s: z.array(z.number()).meta({ description: 'upper bounds of the buckets' }),
    is_truncated: z.boolean().meta({ description: 'whether there were too many events to read all' }),
    levels: z.array(level),
  })
  .meta({ id: 'ServiceLevels' })

const definitionFacts = z.object({
  index: z.int(),
  event_type: z.unknown(),
  file: z.string().nullable(),
  line: z.int().nullable(),
})

export const notificationExplanation = z
  .object({
    message_id: z.string().nullable(),
    event_type: z.string().nullable(),
    error: z.string().nullable().meta({ description: 'why it does not become an event' }),
    definition: definitionFacts.nullable(),
    passed_over: z.array(definitionFacts),
    traits: z.record(z.string(), z.unknown()),
    triggers: z.array(
      z.object({
        name: z.string(),
        match: z.boolean(),
        reason: z.string().nullable(),
        key: z.record(z.string(), value).nullable(),
        fire_criteria: z.array(
          z.object({ criterion: z.string(), met: z.boolean(), reason: z.string().nullable() }),
        ),
      }),
    ),
  })
  .meta({ id: 'NotificationExplanation' })

export const shipHost = z
  .object({
    host: z.string(),
    connected: z.boolean(),
    last_contact: z.string().nullable(),
    shipped_files: z.int().meta({ description: 'since its agent started, as the three that follow' }),
    shipped_bytes: z.int(),
    deleted_files: z.int(),
    deleted_bytes: z.int(),
    pending_files: z.int().meta({ description: 'due, and not shipped or deleted yet' }),
    pending_bytes: z.int(),
    oldest: z
      .object({ path: z.string(), due_at: z.string().nullable(), error: z.string() })
      .nullable()
      .meta({ description: 'the file that is due for longest, or never, and what hinders it' }),
    errors: z.record(z.string(), z.int()).meta({ description: 'files by what hinders them' }),
    hindrance: z.string().nullable().meta({ description: 'what hinders the agent itself' }),
  })
  .meta({ id: 'ShipHost' })

const valuesBySender = z.record(z.string(), z.array(z.number().nullable()))

export const hekaStatistics = z
  .object({
    at: z
      .array(z.int())
      .meta({ description: 'seconds since 1970, oldest first; all values are one for each' }),
    throughput: valuesBySender.meta({ description: 'messages per second, by sender' }),
    lag: valuesBySender.meta({
      description: 'seconds between the time of a message and its reading, by sender',
    }),
    lag_threshold: z.object({ warn: z.number(), error: z.number() }).nullable(),
    batches: valuesBySender.meta({ description: 'batches per second, by sender' }),
    senders: z.array(
      z.object({
        sender: z.string(),
        source: z.string().meta({ description: 'address or host' }),
        last_seen: z.int().meta({ description: 'seconds since 1970' }),
      }),
    ),
  })
  .meta({ id: 'HekaStatistics' })

/** The shapes that the OpenAPI document has by their names, in this order. */
export const COMPONENTS = [
  value,
  datetime,
  timeRange,
  counts,
  event,
  listedEvent,
  stream,
  criterion,
  streamExplanation,
  deadLetter,
  change,
  timelineEntry,
  timeline,
  clock,
  retried,
  receipt,
  archiveFile,
  tailMessage,
  droppedType,
  triggerCounters,
  action,
  actionResult,
  samples,
  processRow,
  level,
  levels,
  notificationExplanation,
  streamActionBody,
  letterActionBody,
  shipHost,
  hekaStatistics,
]
