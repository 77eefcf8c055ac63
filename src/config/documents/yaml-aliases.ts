import { EVENT_ID, type Event as YamlEvent } from 'js-yaml'
import { anchorOf } from './yaml-offsets.ts'

/** Most values that aliases may stand for: far more than any configuration has, and still quick to read. */
const MOST_ALIASED_VALUES = 100_000

/** An alias that cannot be used, and its offset in the text. */
export type AliasFault = { readonly offset: number; readonly message: string }

/** A mapping, sequence or document that has not ended, and the number of its values so far. */
type Open = { readonly anchor: string | undefined; size: number }

/**
 * Returns the first faulty alias of a YAML text: one inside the value that it names, or one with which the
 * aliases stand for more values than a configuration can have. Nine lines like `b: &b [*a, *a, …]` stand for
 * a billion. Time and memory grow with the length of the text only.
 */
export function findAliasFault(events: readonly YamlEvent[], text: string): AliasFault | undefined {
  const sizes = new Map<string, number | 'open'>()
  const open: Open[] = []
  const add = (size: number): void => {
    const around = open.at(-1)
    if (around) around.size += size
  }
  let aliased = 0
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) open.push({ anchor: undefined, size: 0 })
    else if (event.type === EVENT_ID.POP) {
      const { anchor, size } = open.pop() as Open
      if (anchor !== undefined) sizes.set(anchor, size)
      add(size)
    } else if (event.type === EVENT_ID.ALIAS) {
      const anchor = anchorOf(event, text) as string
      const size = sizes.get(anchor) ?? 1
      if (size === 'open')
        return { offset: event.anchorStart, message: `*${anchor} stands inside of what it names` }
      aliased += size
      if (aliased > MOST_ALIASED_VALUES) {
        const message = `up to *${anchor} the aliases stand for more than ${MOST_ALIASED_VALUES} values`
        return { offset: event.anchorStart, message }
      }
      add(size)
    } else {
      const anchor = anchorOf(event, text)
      const isScalar = event.type === EVENT_ID.SCALAR
      if (anchor !== undefined) sizes.set(anchor, isScalar ? 1 : 'open')
      if (isScalar) add(1)
      else open.push({ anchor, size: 1 })
    }
  }
  return undefined
}
