import { z } from 'zod'
import { InvalidError, messageOf, TransientError } from '../domain/errors.ts'
import { formatPlace, parsePlace, TAIL_KINDS, type TailKind } from '../formats/tail-form.ts'
import { EventStream, type ServerSentEvent } from '../http/event-stream.ts'
import { type Operation, operation } from '../http/operation.ts'
import { param } from '../http/params.ts'
import { sleep } from '../runtime/backoff.ts'
import { letterFilterOf } from './dead-letters.ts'
import { deadLettersQuery, eventsQuery, noParams, streamsQuery } from './params.ts'
import { tailMessage } from './shapes.ts'
import { streamFilterOf } from './streams.ts'
import { TAIL_FORMATS, tailMessages } from './tail-messages.ts'
import { type TailFilter, TailReader, type TailStore } from './tail-reader.ts'

/** Pause between two looks, ms. */
const LOOK_MS = 500
/** Longest time without a message, ms: proxies close silent connections. */
const BEAT_MS = 15_000
/** Most tails of one process: each looks for itself. */
const MOST_TAILS = 100

const { event_name, traits } = eventsQuery.shape
const { trigger_name, state, distinguishing_traits } = streamsQuery.shape
const { stage, queue, reason, stream } = deadLettersQuery.shape

const tailQuery = z.object({
  kinds: param(
    {
      description:
        'what is told, separated by commas; unless given, what there are filters for, and without filters all',
      examples: TAIL_KINDS,
    },
    `${TAIL_KINDS.join(', ')}, separated by commas`,
    parseKinds,
  ).optional(),
  ...{ event_name, traits },
  ...{ trigger_name, state, distinguishing_traits },
  ...{ stage, queue, reason, stream },
  format: param(
    {
      description: 'data of the messages: as the lists have it (rest, unless given), or CloudEvents 1.0',
      examples: TAIL_FORMATS,
    },
    TAIL_FORMATS.join(' or '),
    (text) => TAIL_FORMATS.find((format) => format === text),
  ).optional(),
  last_event_id: param(
    { description: 'the id after which to go on, where the header Last-Event-ID cannot be sent' },
    'the id of a message',
    parsePlace,
  ).optional(),
})

/** Returns the operation of `/v1/tail`. */
export function tailOperation(store: TailStore): Operation {
  let open = 0
  return operation({
    method: 'get',
    path: '/v1/tail',
    summary:
      'new events, streams that open or change their state, and dead letters, as server-sent events. The header Last-Event-ID goes on after a message, without a gap, also after a restart of the API',
    query: tailQuery,
    params: noParams,
    answer: tailMessage,
    contentType: 'text/event-stream',
    httpProblems: {},
    async run({ query, headers }) {
      const given = headers['last-event-id']
      const text = typeof given === 'string' && given.trim() !== '' ? given.trim() : undefined
      const from = text === undefined ? query.last_event_id : parsePlace(text)
      if (text !== undefined && !from)
        throw new InvalidError(
          `Last-Event-ID: ${JSON.stringify(text)} is not the id of a message of /v1/tail`,
        )
      if (open >= MOST_TAILS) throw new TransientError(`${MOST_TAILS} tails are open already`)
      const place = from ?? (await store.readTops())
      const reader = new TailReader(store, filterOf(query), tailMessages(query.format ?? 'rest'), place)
      return new EventStream(async function* (signal) {
        open++
        try {
          yield* follow(reader, signal)
        } finally {
          open--
        }
      })
    },
  })
}

async function* follow(reader: TailReader, signal: AbortSignal): AsyncGenerator<ServerSentEvent> {
  // Where a client goes on that is cut off before the first message.
  yield { id: formatPlace(reader.place) }
  let isAway = false
  let toldAt = performance.now()
  while (!signal.aborted) {
    let isMore = false
    let hasFailed = false
    try {
      const messages = reader.read(signal)
      for (let next = await messages.next(); ; next = await messages.next()) {
        if (next.done) {
          isMore = next.value
          break
        }
        yield next.value
        toldAt = performance.now()
      }
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof TransientError)) throw error
      hasFailed = true
      if (!isAway)
        yield { event: 'waiting', data: { reason: `the database does not answer: ${messageOf(error)}` } }
    }
    // Said once: clients print it.
    isAway = hasFailed
    if (performance.now() - toldAt > BEAT_MS) {
      yield { id: formatPlace(reader.place) }
      toldAt = performance.now()
    }
    if (!isMore) await sleep(LOOK_MS, signal)
  }
}

function filterOf(query: z.output<typeof tailQuery>): TailFilter {
  const { event_name, traits, trigger_name, state, distinguishing_traits } = query
  const { stage, queue, reason, stream } = query
  const filters: { readonly [K in TailKind]: readonly unknown[] } = {
    event: [event_name, traits],
    stream: [trigger_name, state, distinguishing_traits],
    'dead-letter': [stage, queue, reason, stream],
  }
  const filtered = TAIL_KINDS.filter((kind) => filters[kind].some((value) => value !== undefined))
  const kinds = query.kinds ?? (filtered.length > 0 ? filtered : TAIL_KINDS)
  return {
    kinds: new Set(kinds),
    events: { eventType: event_name, traits },
    streams: streamFilterOf({ trigger_name, state, distinguishing_traits }),
    letters: letterFilterOf({ stage, queue, reason, stream }),
  }
}

function parseKinds(text: string): TailKind[] | undefined {
  const kinds = text.split(',').map((name) => TAIL_KINDS.find((kind) => kind === name.trim()))
  const known = kinds.filter((kind) => kind !== undefined)
  return known.length === kinds.length ? known : undefined
}
