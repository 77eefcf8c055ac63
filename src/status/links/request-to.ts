import { messageOf } from '../../domain/errors.ts'
import type { OutgoingResponse } from '../../runtime/outgoing.ts'
import type { StatusClock } from '../status-clock.ts'

/** Longest time of a request, its answer included, ms. */
const LONGEST_REQUEST_MS = 10_000

export type StatusRequest = {
  readonly url: string
  readonly token?: string | undefined
  /** JSON to post; without it the request is a GET */
  readonly body?: string
  /** most bytes of the answer that are read */
  readonly mostBytes: number
  readonly clock: StatusClock
  /** aborts when the process stops */
  readonly signal: AbortSignal
}

/** The status of an answer and its body; undefined where it is larger than `mostBytes`. */
export type StatusAnswer = { readonly status: number; readonly body: Buffer | undefined }

/**
 * Sends a request of the protocol and reads the answer, all within 10 s. Redirects are followed. Rejects when there is no
 * answer in time.
 */
export async function requestTo(request: StatusRequest): Promise<StatusAnswer> {
  const { url, body, mostBytes, clock, signal } = request
  const ending = new AbortController()
  const cancel = clock.after(LONGEST_REQUEST_MS, () =>
    ending.abort(new Error(`no answer within ${LONGEST_REQUEST_MS / 1000} s`)),
  )
  try {
    // A process without parent and children does not carry the code of the client.
    const { sendOut } = await import('../../runtime/outgoing.ts')
    const [address, authorization] = partsOf(request)
    const response = await sendOut(address, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.any([ending.signal, signal]),
    })
    return { status: response.status, body: await bodyOf(response, mostBytes) }
  } catch (error) {
    throw new Error(reasonOf(error, url), { cause: error })
  } finally {
    cancel()
  }
}

/** Returns the address without user and password, and the header that has them or the token. */
function partsOf({ url, token }: StatusRequest): readonly [string, string | undefined] {
  const bearer = token === undefined ? undefined : `Bearer ${token}`
  if (!URL.canParse(url)) return [url, bearer]
  const address = new URL(url)
  if (address.username === '' && address.password === '') return [url, bearer]
  const pair = [address.username, address.password].map(decodeURIComponent).join(':')
  address.username = ''
  address.password = ''
  return [address.href, bearer ?? `Basic ${Buffer.from(pair).toString('base64')}`]
}

async function bodyOf({ body }: OutgoingResponse, most: number): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = []
  let size = 0
  // Leaving the loop early gives up the connection.
  for await (const part of body ?? []) {
    size += part.length
    if (size > most) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function reasonOf(error: unknown, url: string): string {
  if (!/^https?:/i.test(url)) return 'the address does not begin with http:// or https://'
  const { cause } = error as { cause?: unknown }
  return messageOf(cause ?? error)
}
