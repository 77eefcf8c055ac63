/** Another transaction was first; rolled back, this one may be repeated. */
const CONTENTION = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_DUP_ENTRY', 'ER_CHECKREAD'])

/** Errors that blame a value; triggers of the database's owner (45000) do too. */
const DATA_FAULTS = new Set([
  'ER_BAD_NULL_ERROR',
  'ER_CHECK_CONSTRAINT_VIOLATED',
  'ER_CONSTRAINT_FAILED',
  'ER_DATA_OUT_OF_RANGE',
  'ER_DATA_TOO_LONG',
  'ER_INVALID_CHARACTER_STRING',
  'ER_NET_PACKET_TOO_LARGE',
  'ER_SIGNAL_EXCEPTION',
  'ER_TOO_BIG_ROWSIZE',
  'ER_TRUNCATED_WRONG_VALUE',
  'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
  'ER_WARN_DATA_OUT_OF_RANGE',
])

/**
 * By number, since the servers have several names for some: the server answers, and will not do what it is there for.
 * Behind the same name or address there may be another by now, which only a new connection reaches.
 */
const UNWELL = new Set([
  1021, // the disk is full
  1047, // a node of Galera that is not, or no more, part of its cluster
  1053, // it is being shut down
  1180, // it could not commit
  1290, // read only, as an old primary is, or another option forbids it
  1792, // the transaction can only read
  1836, // read only
  1927, // the connection was killed
  3032, // offline mode
  3100, // group replication refused the commit
  3101, // and rolled it back
])

/** A server that cannot be reached now, but may be later; a wrong password is not among them. */
const UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'ER_CON_COUNT_ERROR',
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_DISK_FULL',
  'ER_RECORD_FILE_FULL',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_QUERY_INTERRUPTED',
  'ER_UNKNOWN_COM_ERROR',
])

export function isContention(error: unknown): boolean {
  return CONTENTION.has(codeOf(error))
}

export function isDataFault(error: unknown): boolean {
  return DATA_FAULTS.has(codeOf(error))
}

/** Whether the connection that said it should be given up. */
export function isUnwell(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && UNWELL.has(Number(error.errno))
}

/** Node's own errors begin with ERR_, the server's with ER_; a connection that has ended has no code. */
export function isServerError(error: unknown): boolean {
  return isFatal(error) || (codeOf(error) !== '' && !codeOf(error).startsWith('ERR_'))
}

export function isUnavailable(error: unknown): boolean {
  return UNAVAILABLE.has(codeOf(error)) || isFatal(error) || isUnwell(error)
}

/** The connection is of no use any more. */
function isFatal(error: unknown): boolean {
  return error instanceof Error && 'fatal' in error && error.fatal === true
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
