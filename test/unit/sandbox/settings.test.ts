import { expect, test } from 'vitest'
import { environmentOf } from '../../../sandbox/supervisor/parts.ts'
import { readSettings } from '../../../sandbox/supervisor/settings.ts'

test('everything has a default, and an empty variable is none', () => {
  expect(readSettings({ SANDBOX_SPEED: '' })).toMatchObject({
    listen: '127.0.0.1:8000',
    speed: 2880,
    config: expect.stringMatching(/config\/yagi\.conf$/),
    data: expect.stringMatching(/sandbox\/data\/servers$/),
  })
})

test.each(['fast', '0', '-1', 'Infinity'])('a speed of %s is refused by its name', (SANDBOX_SPEED) => {
  expect(() => readSettings({ SANDBOX_SPEED })).toThrow(`SANDBOX_SPEED: ${SANDBOX_SPEED} is not a number`)
})

test('the parts get the servers of the sandbox, whatever the environment says', () => {
  const settings = readSettings({ SANDBOX_LISTEN: '0.0.0.0:8001', SANDBOX_DATA: '/data' })
  const urls = { amqp: 'amqp://a', database: 'mysql://b', time: 'http://c/time', tree: 'http://d/' }
  const env = environmentOf(settings, urls, { STACKTACH_AMQP_URL: 'amqp://production', HOME: '/root' })
  expect(env).toMatchObject({
    STACKTACH_AMQP_URL: 'amqp://a',
    STACKTACH_DATABASE_URL: 'mysql://b',
    STACKTACH_TIME_SYNC: 'http://c/time',
    STACKTACH_ARCHIVE: '/data/archive',
    KLUGMAN_URL: 'http://127.0.0.1:8001',
    HOME: '/root',
  })
})
