import { randomUUID } from 'node:crypto'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, inject, onTestFinished, test } from 'vitest'
import { amqpBrokerAt } from '../support/brokers.ts'
import { temporaryFolder } from '../support/folders.ts'
import { LogDeployment, writeLines } from '../support/logs/log-deployment.ts'
import { queueOnly } from '../support/queue-only.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const EXAMPLE = resolve(import.meta.dirname, '../../docs/examples/openstack-logs')
const COUNT = 4000

type Line = { readonly message_id: string; readonly payload: { readonly message: string } }

/** Copies the example of OpenStack's logs for a queue of a broker. Returns the path of its yagi.conf. */
function configFor(folder: string, queue: string, url: string): string {
  cpSync(EXAMPLE, join(folder, 'config'), { recursive: true })
  const file = join(folder, 'config', 'yagi.conf')
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replaceAll('service.logs', queue).replace(/^url = .*$/m, `url = ${url}`))
  return file
}

/** Receives the lines of a queue until the test ends. */
function received(queue: string): readonly Line[] {
  const broker = amqpBrokerAt(inject('amqpUrl'))
  const lines: Line[] = []
  const subscription = broker.subscribe(queueOnly(queue), {
    prefetch: 1000,
    onDelivery(delivery) {
      lines.push(JSON.parse(delivery.body.toString()))
      subscription.ackUpTo(delivery)
    },
    onLost() {},
  })
  onTestFinished(async () => {
    await subscription.close()
    await broker.close()
  })
  return lines
}

test('whatever is cut or killed, each line comes into a queue of RabbitMQ, in its order, and again with its id only', async () => {
  const [folder, queue] = [temporaryFolder(), `logs-${randomUUID()}`]
  const proxy = await TcpProxy.start(inject('amqpUrl'))
  onTestFinished(() => proxy.stop())
  const config = configFor(folder, queue, proxy.urlOf(inject('amqpUrl')))
  const logs = await LogDeployment.create(folder, {
    processor: ['--queue', queue, '-c', config],
    collector: ['--rotate-bytes', '50000'],
  })
  logs.startProcessor()
  logs.startCollector()
  await until('the processor to run', () => logs.processor?.stderr.includes('running') === true)
  const lines = received(queue)
  const writing = Promise.all(
    ['a', 'b'].map((name) => writeLines('append', join(logs.source, `${name}.log`), name, COUNT)),
  )
  for (let round = 0; round < 8; round++) {
    await delay(250)
    proxy.cut()
    if (round % 4 === 1) await logs.collector?.stop('SIGKILL').then(() => logs.startCollector())
    if (round % 4 === 3) await logs.processor?.stop('SIGKILL').then(() => logs.startProcessor())
  }
  await writing
  const messages = () => [...new Set(lines.map(({ payload }) => payload.message))]
  await until('all lines', () => messages().length === 2 * COUNT)
  await logs.stop()
  expect(new Set(lines.map(({ message_id }) => message_id)).size).toBe(2 * COUNT)
  for (const name of ['a', 'b']) {
    const numbers = messages().flatMap((text) =>
      text.startsWith(`${name} `) ? [Number(text.split(' ')[1])] : [],
    )
    expect(numbers).toEqual(Array.from({ length: COUNT }, (_, number) => number))
  }
})
