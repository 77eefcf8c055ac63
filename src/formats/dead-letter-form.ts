import { isUtf8 } from 'node:buffer'
import { formatIso, type Micros } from '../domain/time.ts'
import { maskSecrets } from '../text/mask-secrets.ts'
import { printable } from '../text/printable.ts'

/** A body as it is shown: UTF-8 as text, anything else in base64. Secrets are masked. */
export type ShownBody = string | { readonly base64: string }

/** What could not be processed, as the API and the commands show it, without secrets. */
export type RestDeadLetter = {
  readonly id: number
  readonly stage: string
  readonly reason: string
  readonly queue: string | null
  /** time of keeping, ISO 8601 in UTC */
  readonly at: string
  /** size of the body */
  readonly bytes: number
  readonly body?: ShownBody
  /** place in a list */
  readonly _mark?: string
}

type Kept = {
  readonly id: number
  readonly at: Micros
  readonly stage: string
  readonly reason: string
  readonly queue: string | null
}

/** Encodes a dead letter without its body. */
export function restDeadLetter(letter: Kept & { readonly bytes: number }): RestDeadLetter {
  const { id, stage, reason, queue, at, bytes } = letter
  return { id, stage, reason: maskSecrets(reason), queue, at: formatIso(at), bytes }
}

/** Encodes a dead letter with its body. */
export function restWholeDeadLetter({ body, ...letter }: Kept & { readonly body: Buffer }): RestDeadLetter {
  return { ...restDeadLetter({ ...letter, bytes: body.length }), body: shownBody(body) }
}

function shownBody(body: Buffer): ShownBody {
  if (isUtf8(body)) return maskSecrets(body.toString('utf8'))
  return { base64: Buffer.from(maskSecrets(body.toString('latin1')), 'latin1').toString('base64') }
}

/** Describes a dead letter with its body as text. */
export function describeDeadLetter({ id, at, stage, queue, reason, body = '' }: RestDeadLetter): string {
  const fields = [
    `id      ${id}`,
    `at      ${at}`,
    `stage   ${printable(stage)}`,
    `queue   ${printable(queue ?? '')}`,
    `reason  ${reason}`,
  ]
  return `${fields.join('\n')}\n\n${typeof body === 'string' ? body : `base64: ${body.base64}`}\n`
}
