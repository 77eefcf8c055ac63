/** Errors of a transaction that lost against another one; after a rollback it may be repeated. */
const CONTENTION = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_DUP_ENTRY', 'ER_CHECKREAD'])

/**
 * Errors that blame a value, among them those that triggers of the database's owner raise (SQLSTATE 45000).
 */
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
 * Error numbers of a server that responds but cannot do its work; numbers, since the servers have several
 * names for some. The same name or address may lead to another server by now, which only a new connection
 * reaches.
 */
const UNWELL = new Set([
  1021, // the disk is full
  1047, // a Galera node that is not part of its cluster
  1053, // the server is being shut down
  1180, // the commit failed
  1290, // read only, as a former primary is, or another option forbids the statement
  1792, // the transaction is read only
  1836, // read only
  1927, // the connection was killed
  3032, // offline mode
  3100, // group replication refused the commit
  3101, // group replication rolled the transaction back
])

/** Errors of a server that cannot be reached now, but may be later; a wrong password is not among them. */
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
  'ER_USER_LIMIT_REACHED',
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

/** Whether the connection that reported the error should be closed. */
export function isUnwell(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && UNWELL.has(Number(error.errno))
}

/**
 * Whether an error comes from the server or the connection to it. Node's own codes begin with ERR_, the
 * server's with ER_; the error of an ended connection has none.
 */
export function isServerError(error: unknown): boolean {
  return isFatal(error) || (codeOf(error) !== '' && !codeOf(error).startsWith('ERR_'))
}

export function isUnavailable(error: unknown): boolean {
  return UNAVAILABLE.has(codeOf(error)) || isFatal(error) || isUnwell(error)
}

/** Whether the connection can no longer be used. */
function isFatal(error: unknown): boolean {
  return error instanceof Error && 'fatal' in error && error.fatal === true
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
