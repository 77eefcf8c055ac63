import type { ObjectTarget } from './target.ts'

/**
 * Returns a target in which what is created under one key waits for what was begun there before, for stores that do not hold
 * two writers of this process apart.
 */
export function createInTurns(target: ObjectTarget): ObjectTarget {
  const last = new Map<string, Promise<unknown>>()
  return {
    name: target.name,
    get isAskedFirst() {
      return target.isAskedFirst
    },
    head: (key) => target.head(key),
    async create(key, ...given) {
      const create = () => target.create(key, ...given)
      const before = last.get(key) ?? Promise.resolve()
      const own = before.then(create, create)
      last.set(key, own)
      try {
        return await own
      } finally {
        if (last.get(key) === own) last.delete(key)
      }
    },
    verify: (key, digest) => target.verify(key, digest),
    read: (key) => target.read(key),
    remove: (key) => target.remove(key),
    close: () => target.close(),
  }
}
