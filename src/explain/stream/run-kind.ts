import type { RunKind, Stream } from '../../domain/stream.ts'

/** Changes of state of a stream that was claimed when it was due, and completed by that run. */
const CHANGES_OF_ONE_RUN = 2

/**
 * Returns for what the pipeline of a stream will run, runs or has run; undefined where that is not certain. The kind of
 * a run that has ended is not stored, and an operator may have fired or expired the stream at any time, which is a
 * change of state more.
 *
 * @example
 * runKindOf({ state: 'active', stateSerialNo: 0, fireTimestamp: null, expireTimestamp: 9 }) // 'expire'
 */
export function runKindOf(
  stream: Pick<Stream, 'state' | 'stateSerialNo' | 'fireTimestamp' | 'expireTimestamp'>,
): RunKind | undefined {
  switch (stream.state) {
    case 'firing':
    case 'retry_fire':
    case 'error':
      return 'fire'
    case 'expiring':
    case 'retry_expire':
    case 'expire_error':
      return 'expire'
    case 'active':
      return firstDue(stream)
    case 'completed':
      return stream.stateSerialNo <= CHANGES_OF_ONE_RUN ? onlyDue(stream) : undefined
  }
}

type Times = Pick<Stream, 'fireTimestamp' | 'expireTimestamp'>

/** Returns for what a stream becomes due first; undefined where it never does. */
function firstDue({ fireTimestamp, expireTimestamp }: Times): RunKind | undefined {
  if (fireTimestamp === null) return expireTimestamp === null ? undefined : 'expire'
  return expireTimestamp !== null && expireTimestamp < fireTimestamp ? 'expire' : 'fire'
}

/** Returns for what a worker has claimed a stream; undefined where it may have come so late that both were due. */
function onlyDue(times: Times): RunKind | undefined {
  const first = firstDue(times)
  return first === 'expire' && times.fireTimestamp !== null ? undefined : first
}
