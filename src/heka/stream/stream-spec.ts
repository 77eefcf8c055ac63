import type { QueueSpec } from '../../broker/queue-spec.ts'
import { InvalidError } from '../../domain/errors.ts'

export type Retention = { readonly streamMaxAge: string; readonly streamMaxMegabytes: number }

const MEGABYTE = 2 ** 20

/** Returns the stream of a subject, and the exchange of the same name that leads to it. Throws InvalidError. */
export function streamSpec(subject: string, retention: Retention): QueueSpec {
  const { streamMaxAge: age, streamMaxMegabytes: megabytes } = retention
  if (!/^[^\p{Cc}]{1,200}$/u.test(subject))
    throw new InvalidError('SUBJECT: expected a name of 1 to 200 characters')
  return {
    queue: subject,
    bindings: [{ exchange: subject, routingKey: '' }],
    exchangeType: 'fanout',
    durable: true,
    autoDelete: false,
    exchangeDurable: true,
    exchangeAutoDelete: false,
    arguments: {
      'x-queue-type': 'stream',
      ...(age === '' ? {} : { 'x-max-age': age }),
      ...(megabytes === 0 ? {} : { 'x-max-length-bytes': megabytes * MEGABYTE }),
    },
  }
}
