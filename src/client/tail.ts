import { messageOf, StackTachError, TransientError } from '../domain/errors.ts'
import type { TailMessage } from '../formats/tail-form.ts'
import { Backoff, sleep } from '../runtime/backoff.ts'
import { parseJson } from '../text/json.ts'
import { deadLetterParams, eventParams, type QueryTraits, type SentParams, streamParams } from './query.ts'
import type { createRequester } from './request.ts'

/** What a tail tells of; without filters all. */
export type TailQuery = {
  /** such as `['event', 'stream', 'dead-letter']` (what there are filters for) */
  readonly kinds?: readonly string[] | undefined
  readonly eventName?: string | undefined
  readonly traits?: QueryTraits | undefined
  readonly triggerName?: string | undefined
  readonly state?: string | undefined
  readonly distinguishingTraits?: QueryTraits | undefined
  readonly stage?: string | undefined
  readonly queue?: string | undefined
  readonly reason?: string | undefined
  readonly stream?: number | string | undefined
  /** the id of a message, after which to go on */
  readonly after?: string | undefined
}

/** Silence after which the connection counts as lost, ms: the server says something every 15 s. */
const SILENCE_MS = 45_000

/** Yields the messages of a tail, over as many connections as it takes, until the signal aborts. */
export async function* followTail(
  request: ReturnType<typeof createRequester>,
  query: TailQuery,
  signal: AbortSignal | undefined,
): AsyncGenerator<TailMessage> {
  const backoff = new Backoff({ initialMs: 250, maxMs: 10_000 })
  const params = tailParams(query)
  let place = query.after
  let isAway = false
  while (!signal?.aborted) {
    const idle = new AbortController()
    const timer = setTimeout(() => idle.abort(), SILENCE_MS)
    try {
      const headers: { [name: string]: string } = place === undefined ? {} : { 'last-event-id': place }
      const all = signal ? AbortSignal.any([signal, idle.signal]) : idle.signal
      const response = await request<Response>({
        ...{ method: 'GET', path: '/v1/tail', params, headers, as: 'response', signal: all },
      })
      isAway = false
      const onPlace = (id: string | undefined) => {
        timer.refresh()
        backoff.reset()
        place = id ?? place
      }
      yield* readTail(response, onPlace)
    } catch (error) {
      if (signal?.aborted) return
      if (!isPassing(error)) throw error
      if (!isAway) yield { kind: 'waiting', id: place ?? '', data: { reason: messageOf(error) } }
      isAway = true
    } finally {
      clearTimeout(timer)
    }
    await sleep(backoff.next(), signal)
  }
}

/** Whether a tail may be connected again after an error. */
function isPassing(error: unknown): boolean {
  return error instanceof TransientError || !(error instanceof StackTachError)
}

function tailParams(query: TailQuery): SentParams {
  const { kinds, eventName, traits, triggerName, state, distinguishingTraits } = query
  const { stage, queue, reason, stream } = query
  return {
    ...(kinds === undefined ? {} : { kinds: kinds.join(',') }),
    ...eventParams({ eventName, traits }),
    ...streamParams({ triggerName, state, distinguishingTraits }),
    ...deadLetterParams({ stage, queue, reason, stream }),
  }
}

/** Yields the messages of an answer of server-sent events until it ends; `onPlace` hears of each block, after it was taken. */
async function* readTail(
  response: Response,
  onPlace: (id: string | undefined) => void,
): AsyncGenerator<TailMessage> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    rest += decoder.decode(chunk, { stream: true })
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const { id, event, data } = fieldsOf(block)
      if (event !== undefined && data !== undefined)
        yield { kind: event, id: id ?? '', data: parseJson(data) } as unknown as TailMessage
      // Only now: what was not taken comes again.
      onPlace(id)
    }
  }
}

function fieldsOf(block: string): { readonly [name: string]: string } {
  const lines = block.split('\n').map((line) => /^(\w+): ?(.*)$/s.exec(line))
  return Object.fromEntries(lines.flatMap((match) => (match ? [[match[1], match[2]]] : [])))
}
