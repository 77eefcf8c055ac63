import { parseModel } from '../tree/decode.ts'
import type { ReceivedStatus } from '../tree/entry.ts'
import { withParameter } from '../tree/query.ts'
import { requestTo, type StatusRequest } from './request-to.ts'

const LARGEST_ANSWER = 8 * 1024 * 1024

/** Reads all that a process serves under an address. Rejects with one sentence when that is no status. */
export async function readStatus(
  from: Pick<StatusRequest, 'url' | 'token' | 'clock' | 'signal'>,
): Promise<readonly ReceivedStatus[]> {
  const url = withParameter(from.url, 'type', 'json')
  const { status, body } = await requestTo({ ...from, url, mostBytes: LARGEST_ANSWER })
  if (status !== 200) throw new Error(`it answered ${status}, expected 200`)
  if (!body) throw new Error(`its answer is larger than ${LARGEST_ANSWER} bytes`)
  return parseModel(body)
}
