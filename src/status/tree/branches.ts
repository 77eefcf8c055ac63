import type { Status } from './entry.ts'
import { byBytes } from './keys.ts'

/** A child with what it has reported, and the children below it. */
export type Branch = {
  readonly name: string
  readonly statuses: readonly Status[]
  readonly children: readonly Branch[]
}

type Growing = { readonly name: string; readonly statuses: Status[]; readonly children: Map<string, Growing> }

/** Returns statuses as a tree of the parts of their keys, each list in order. */
export function branchesOf(statuses: readonly Status[]): Branch {
  const root = growing('')
  for (const status of statuses.toSorted((a, b) => byBytes(a.key, b.key))) {
    let place = root
    for (const name of status.key.split('/').slice(0, -1)) {
      const child = place.children.get(name) ?? growing(name)
      place.children.set(name, child)
      place = child
    }
    place.statuses.push(status)
  }
  return grown(root)
}

function growing(name: string): Growing {
  return { name, statuses: [], children: new Map() }
}

function grown({ name, statuses, children }: Growing): Branch {
  return { name, statuses, children: [...children.values()].map(grown) }
}

/** Returns the last part of a key. */
export function leafOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

/** Returns an age as people say it: `4 s`, `12 min`, `3 h`, `2 d`. */
export function shownAge(seconds: number): string {
  if (seconds < 120) return `${Math.floor(seconds)} s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`
}

/** Returns whether a status has less than a tenth of its time left: nobody has renewed it. */
export function isStale({ age, ttl, since = age }: Status): boolean {
  const left = ttl - age
  return left < (since + left) / 10
}
