/** Returns the one instance of a class that all who share have: made for the first that asks. */
export type Shared = <T>(kind: new () => T) => T

/** Creates what the parts of one process share; nothing is kept between two of them. */
export function createShared(): Shared {
  const made = new Map<unknown, unknown>()
  return <T>(kind: new () => T): T => {
    const instance = (made.get(kind) as T | undefined) ?? new kind()
    made.set(kind, instance)
    return instance
  }
}
