const SQLITE_BUSY = 5
const SQLITE_TOOBIG = 18
const SQLITE_CONSTRAINT = 19
const SQLITE_MISMATCH = 20
const SQLITE_CONSTRAINT_UNIQUE = 2067
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555

/** Another transaction was first; rolled back, this one may be repeated. */
export function isContention(error: unknown): boolean {
  const code = codeOf(error)
  return (
    code === SQLITE_CONSTRAINT_UNIQUE ||
    code === SQLITE_CONSTRAINT_PRIMARYKEY ||
    (code !== undefined && code % 256 === SQLITE_BUSY)
  )
}

export function isServerError(error: unknown): boolean {
  return codeOf(error) !== undefined
}

/** Whether the error blames a value. */
export function isDataFault(error: unknown): boolean {
  const code = (codeOf(error) ?? 0) % 256
  return code === SQLITE_TOOBIG || code === SQLITE_CONSTRAINT || code === SQLITE_MISMATCH
}

function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error && 'errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode : undefined
}
