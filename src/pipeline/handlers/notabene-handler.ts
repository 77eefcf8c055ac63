import type { Publisher } from '../../broker/broker.ts'
import type { QueueSpec } from '../../broker/queue-spec.ts'
import { InvalidError, messageOf, TransientError } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import { deliver } from '../../publishing/deliver.ts'
import { hostOf } from '../../publishing/http-request.ts'
import { openReceiver } from '../../publishing/open-receiver.ts'
import type { Receiver } from '../../publishing/receiver.ts'
import { withGrace } from '../../runtime/grace.ts'
import { stringifyJson } from '../../text/json.ts'
import type {
  Handler,
  HandlerContext,
  HandlerEnv,
  HandlerParams,
  HandlerServices,
  OpenedHandler,
} from '../handler.ts'
import { QUICK, type WaitParams, waitProperties, waitsOf } from './common-params.ts'

type Params = WaitParams & {
  readonly url?: string | null
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly vhost: string
  readonly exchange: string
  readonly exchange_type: string
  readonly queue_name: string
  readonly durable: boolean
  readonly env_keys?: readonly string[] | null
}

/** The state that all runs of a step share. */
type Step = {
  readonly params: Params
  readonly url: string
  readonly spec: QueueSpec
  readonly receiver: Receiver
}

/**
 * Publishes the notifications that earlier handlers left in env, under the names of env_keys, to a queue of
 * RabbitMQ. The broker confirms each before the stream is completed.
 */
export class NotabeneHandler implements Handler {
  static readonly description =
    'Publishes the notifications that handlers before it left in env to a queue of RabbitMQ, which is declared first. The broker confirms each.'

  static readonly schema = {
    type: 'object',
    required: ['exchange', 'queue_name'],
    additionalProperties: false,
    properties: {
      url: {
        type: ['string', 'null'],
        description: '`amqp(s)://USER:PASSWORD@HOST[:PORT]/VHOST`, in place of the five parameters below',
      },
      host: { type: 'string', description: 'host of the broker', default: 'localhost' },
      port: { type: 'integer', minimum: 1, maximum: 65535, description: 'its port', default: 5672 },
      user: { type: 'string', description: 'account', default: 'guest' },
      password: { type: 'string', description: 'its password', default: 'guest' },
      vhost: { type: 'string', description: 'virtual host', default: '/' },
      library: {
        type: ['string', 'null'],
        description: 'library of the original',
        deprecated: true,
      },
      exchange: { type: 'string', minLength: 1, description: 'exchange that is published to' },
      exchange_type: {
        type: 'string',
        pattern: '^(topic|direct|fanout|headers|x-.+)$',
        description: '`topic`, `direct`, `fanout`, `headers` or one of a plugin, `x-…`',
        default: 'topic',
      },
      queue_name: { type: 'string', minLength: 1, description: 'queue, and the key it is bound by' },
      durable: { type: 'boolean', description: 'queue and exchange outlive the broker', default: true },
      env_keys: {
        anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'null' }],
        description: 'names in env; the usage handler leaves `usage_notifications`',
      },
      ...waitProperties(QUICK),
    },
  }

  static open(given: HandlerParams, services: HandlerServices): OpenedHandler<NotabeneHandler> {
    const params = given as Params
    const url = urlOf(params)
    const spec = queueOf(params)
    // A broker may be away for one account or virtual host and not for another.
    const receiver = openReceiver(services, hostOf(url), `${url} ${spec.queue}`)
    const step: Step = { params, url, spec, receiver }
    return { forRun: (context) => new NotabeneHandler(step, context) }
  }

  readonly #step: Step
  readonly #context: HandlerContext
  #notifications: readonly Notification[] = []

  constructor(step: Step, context: HandlerContext) {
    this.#step = step
    this.#context = context
  }

  handleEvents(events: readonly Event[], env: HandlerEnv): readonly Event[] {
    const keys = this.#step.params.env_keys ?? []
    this.#notifications = keys.flatMap((key) => notificationsOf(key, env[key]))
    return events
  }

  async commit(): Promise<void> {
    if (this.#notifications.length === 0) return
    const { params, url, spec, receiver } = this.#step
    // Confirmed notifications are not sent again when the broker goes away in between.
    const waiting = this.#notifications.map(({ text }) => text)
    const publishAll = async () => {
      const publisher: Publisher = await this.#context.publisherFor(url)
      await publisher.declare(spec)
      for (let [text] = waiting; text !== undefined; [text] = waiting) {
        await publisher.publish({ exchange: params.exchange, routingKey: spec.queue }, Buffer.from(text))
        waiting.shift()
      }
    }
    // A broker that is short of memory or disk does not reply at all while that lasts.
    const attempt = () =>
      orStopped(publishAll(), this.#context.signal).catch((error) =>
        Promise.reject(named(receiver.name, error)),
      )
    await deliver(receiver, { attempt }, waitsOf(params), this.#context)
  }

  rollback(): void {
    this.#notifications = []
  }

  wouldPublish(): readonly unknown[] {
    return this.#notifications.map(({ content }) => content)
  }
}

/** A notification as a handler left it, and as the text that is sent. */
type Notification = { readonly content: unknown; readonly text: string }

/**
 * Reads one notification or a list from env. Throws InvalidError for other values; nothing has been committed
 * yet.
 */
function notificationsOf(key: string, found: unknown): readonly Notification[] {
  if (found === undefined || found === null) return []
  const list = Array.isArray(found) ? found : [found]
  if (list.some((one) => typeof one !== 'object' || one === null)) {
    throw new InvalidError(`env.${key} holds no notifications: expected objects`)
  }
  return list.map((content) => ({ content, text: textOf(key, content) }))
}

function textOf(key: string, content: unknown): string {
  let text: unknown
  try {
    text = stringifyJson(content)
  } catch (error) {
    throw new InvalidError(`env.${key} holds what JSON cannot write: ${messageOf(error)}`, { cause: error })
  }
  if (typeof text === 'string') return text
  throw new InvalidError(`env.${key} holds what JSON cannot write: it comes to nothing`)
}

function queueOf({ queue_name, exchange, exchange_type, durable }: Params): QueueSpec {
  return {
    queue: queue_name,
    bindings: [{ exchange, routingKey: queue_name }],
    exchangeType: exchange_type,
    durable,
    autoDelete: false,
    exchangeDurable: durable,
    exchangeAutoDelete: false,
  }
}

function urlOf({ url, host, port, user, password, vhost }: Params): string {
  if (url) return url
  return `amqp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${encodeURIComponent(vhost)}`
}

/** Adds the name of the broker and its virtual host to a transient error. */
function named(broker: string, error: unknown): unknown {
  return error instanceof TransientError
    ? new TransientError(`${broker}: ${error.message}`, { cause: error })
    : error
}

/** Waits for `work`. Rejects with TransientError when it is not done some time after the worker stops. */
async function orStopped(work: Promise<void>, stop: AbortSignal): Promise<void> {
  // After the race a rejection of `work` would be unhandled.
  work.catch(() => {})
  await withGrace(stop, (late) => {
    const stopped = new Promise<never>((_, reject) => {
      late.addEventListener('abort', () => reject(new TransientError('the worker stops')))
    })
    return Promise.race([work, stopped])
  })
}
