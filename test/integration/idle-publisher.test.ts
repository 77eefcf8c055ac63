import { expect, inject, onTestFinished, test } from 'vitest'
import { createAmqpBroker } from '../../src/broker/amqp/amqp-broker.ts'
import type { Logger } from '../../src/runtime/logger.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

/** A client of RabbitMQ behind proxies, with a publisher that publishes nothing. */
async function idleAt(...proxies: readonly TcpProxy[]) {
  const said: string[] = []
  const note = (_: object, line: string) => void said.push(line)
  const logger = { info: note, warn: note, error: note, debug: note } as unknown as Logger
  const hosts = proxies.map((proxy) => new URL(proxy.urlOf(inject('amqpUrl'))).host)
  const url = `amqp://${hosts.map((host) => `guest:guest@${host}`).join(',')}/`
  const broker = createAmqpBroker({ url, logger, reconnectMs: 20, maxReconnectMs: 100 })
  onTestFinished(() => broker.close())
  await broker.openPublisher()
  return { broker, said, hosts }
}

test('a broker that nobody publishes to at the moment is missed, and its return is told', async () => {
  const proxy = await TcpProxy.start(inject('amqpUrl'))
  onTestFinished(() => proxy.stop())
  const { broker, said, hosts } = await idleAt(proxy)
  const [host] = hosts
  expect(broker.hindrance()).toBeUndefined()
  proxy.close()
  await until('the loss to be told', () => said.length > 0)
  expect(said[0]).toContain(`the connection to the broker at ${host} was lost: `)
  expect(broker.hindrance()).toBe(said[0])
  proxy.open()
  await until('its return to be told', () => said.length > 1)
  expect(said.slice(1)).toEqual([`the broker at ${host} answers again`])
  expect(broker.hindrance()).toBeUndefined()
})

test('the log names the broker that is used in place of another', async () => {
  const [first, second] = [await TcpProxy.start(inject('amqpUrl')), await TcpProxy.start(inject('amqpUrl'))]
  for (const proxy of [first, second]) onTestFinished(() => proxy.stop())
  const { said, hosts } = await idleAt(first, second)
  first.close()
  await until('the other to be used', () => said.length > 1)
  expect(said).toEqual([
    expect.stringContaining(`the connection to the broker at ${hosts[0]} was lost: `),
    `connected to the broker at ${hosts[1]}, in place of the one at ${hosts[0]}`,
  ])
})
