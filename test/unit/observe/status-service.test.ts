import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../../sandbox/servers/server-process.ts'
import { Health } from '../../../src/observe/health.ts'
import { Metrics } from '../../../src/observe/metrics.ts'
import { createStatusService } from '../../../src/observe/status-service.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'

function serviceAt(...ports: [number, ...number[]]) {
  const address = { host: '127.0.0.1', ports }
  const service = createStatusService({
    address,
    health: new Health(),
    metrics: new Metrics(),
    logger: silentLogger,
  })
  onTestFinished(() => service.stop())
  return service
}

const answers = async (port: number) =>
  (await fetch(`http://127.0.0.1:${port}/healthz`, { headers: { connection: 'close' } })).status

test('of several ports the first free one is taken, by each process its own', async () => {
  const [first, second] = [await freePort(), await freePort()]
  await serviceAt(first, second).start()
  await serviceAt(first, second).start()
  expect([await answers(first), await answers(second)]).toEqual([200, 200])
  await expect(serviceAt(first, second).start()).rejects.toThrow(
    `port ${second} of 127.0.0.1 is in use; choose another with --status, or give all processes of this machine a range`,
  )
})

test('/status tells programs what the process is, and why it cannot work', async () => {
  const [port, health] = [await freePort(), new Health()]
  const parts = { health, metrics: new Metrics(), logger: silentLogger }
  const about = () => ({ role: 'worker', version: '1.2.3' })
  const service = createStatusService({ ...parts, address: { host: '127.0.0.1', ports: [port] }, about })
  onTestFinished(() => service.stop())
  await service.start()
  const status = async () => (await fetch(`http://127.0.0.1:${port}/status`)).json()
  const facts = { role: 'worker', version: '1.2.3' }
  expect(await status()).toEqual({ ...facts, ready: true, reason: null, remarks: [] })
  health.add('database', () => 'the database is not open yet')
  health.addRemarks(() => ['a receiver is away'])
  const reason = 'the database is not open yet'
  expect(await status()).toEqual({ ...facts, ready: false, reason, remarks: ['a receiver is away'] })
})

test('a service that never started can be stopped', async () => {
  await serviceAt(await freePort()).stop()
})
