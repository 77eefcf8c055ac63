import type { Event, StoredEvent } from '../domain/event.ts'
import { holdsTraits, type TraitCondition } from '../domain/trait-condition.ts'
import type { Queries } from '../store/ports/queries.ts'
import type { EventQuery, HandlerContext } from './handler.ts'

/** Most events of one query; those of one server and a few days are far fewer. */
const MOST_EVENTS = 10_000

/** A query that waits to be joined with others of the same moment, and its result. */
type Asked = { readonly query: EventQuery; readonly answer: PromiseWithResolvers<readonly Event[]> }

/**
 * Creates the function by which handlers look up stored events. Queries of the same moment are joined into
 * one.
 */
export function createEventFinder(
  store: Pick<Queries, 'listEvents'>,
): NonNullable<HandlerContext['findEvents']> {
  let asked: Asked[] = []
  const askAll = () => {
    const groups = Map.groupBy(asked, ({ query: { trait, from, to } }) => `${trait} ${from} ${to}`)
    asked = []
    for (const group of groups.values()) void askTogether(store, group)
  }
  return (query) => {
    const answer = Promise.withResolvers<readonly Event[]>()
    if (asked.length === 0) setImmediate(askAll)
    asked.push({ query, answer })
    return answer.promise
  }
}

/** Runs queries for the same trait and time range as one, and settles each of them. */
async function askTogether(store: Pick<Queries, 'listEvents'>, group: readonly Asked[]): Promise<void> {
  try {
    const known = group.flatMap(({ query }) => stored(query.known))
    const found = await look(store, group, known)
    // The limit was reached, so events of some queries may be missing: run each query alone.
    const isCut = found.length >= MOST_EVENTS && group.length > 1
    if (isCut) return void (await Promise.all(group.map((one) => askTogether(store, [one]))))
    // Events that one query knows and left out may be part of another's result.
    const events = [...new Map([...found, ...known].map((event) => [event.id, event])).values()]
    events.sort((a, b) => a.id - b.id)
    for (const { query, answer } of group) answer.resolve(answerOf(query, events))
  } catch (error) {
    for (const { answer } of group) answer.reject(error)
  }
}

function look(
  store: Pick<Queries, 'listEvents'>,
  group: readonly Asked[],
  known: readonly StoredEvent[],
): Promise<StoredEvent[]> {
  const { trait, from, to } = (group[0] as Asked).query
  const traits = [{ name: trait, values: group.map(({ query: { value } }) => value) }]
  const page = { limit: MOST_EVENTS, mark: undefined, ascending: true, mayMissNewest: true }
  return store.listEvents({ from, to, traits, without: new Set(known.map(({ id }) => id)) }, page)
}

function answerOf({ trait, value, from, to, known }: EventQuery, events: readonly StoredEvent[]): Event[] {
  const own = new Set(known?.map(({ messageId }) => messageId))
  const conditions: TraitCondition[] = [{ name: trait, values: [value] }]
  return events.filter(
    ({ messageId, timestamp, traits }) =>
      !own.has(messageId) && timestamp > from && timestamp <= to && holdsTraits(traits, conditions),
  )
}

function stored(events: readonly (Event & Partial<StoredEvent>)[] = []): StoredEvent[] {
  return events.filter((event): event is StoredEvent => event.id !== undefined)
}
