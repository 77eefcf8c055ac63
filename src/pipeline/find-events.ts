import type { Store } from '../store/store.ts'
import type { HandlerContext } from './handler.ts'

/** Most events that a handler is given at once: those of one server and some days. */
const MOST_EVENTS = 10_000

/** How handlers look stored events up. */
export function createEventFinder(
  store: Pick<Store, 'listEvents'>,
): NonNullable<HandlerContext['findEvents']> {
  return ({ trait, value, from, to }) =>
    store.listEvents(
      { from, to, traits: [{ name: trait, values: [value] }] },
      { limit: MOST_EVENTS, mark: undefined, ascending: true },
    )
}
