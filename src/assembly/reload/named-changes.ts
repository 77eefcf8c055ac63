/** Most names of one kind in a line; further ones are counted. */
const MOST_NAMES = 10

/** Two versions of a list whose entries have names; an entry is compared as it is written. */
export type Versions = {
  readonly kind: string
  readonly before: readonly (readonly [name: string, written: unknown])[]
  readonly after: readonly (readonly [name: string, written: unknown])[]
}

/**
 * Says what differs between two versions of a list: `trigger a added`, `trigger b changed`, `trigger c removed`,
 * or `order of triggers`. Entries of the same name are compared together.
 */
export function namedChanges({ kind, before, after }: Versions): string[] {
  const [old, now] = [byName(before), byName(after)]
  const names = [...new Set([...old.keys(), ...now.keys()])]
  const changes = names.flatMap((name) => {
    const [was, is] = [old.get(name), now.get(name)]
    if (was === is) return []
    const what = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed'
    return [`${kind} ${name} ${what}`]
  })
  const isOther = changes.length === 0 && JSON.stringify(before) !== JSON.stringify(after)
  if (isOther) return [`order of ${kind}s`]
  if (changes.length <= MOST_NAMES) return changes
  const more = changes.length - MOST_NAMES
  return [...changes.slice(0, MOST_NAMES), `${more} more ${kind}s`]
}

function byName(entries: Versions['before']): Map<string, string> {
  const groups = new Map<string, string>()
  for (const [name, written] of entries)
    groups.set(name, `${groups.get(name) ?? ''}${JSON.stringify(written)}`)
  return groups
}
