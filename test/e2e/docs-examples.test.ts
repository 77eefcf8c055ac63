import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { describeOrders } from '../../docs/examples/client/orders.ts'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { temporaryFolder } from '../support/folders.ts'
import { deleteQueue } from '../support/servers/deploy.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { until } from '../support/until.ts'

const EXAMPLES = resolve(import.meta.dirname, '../../docs/examples')
const SHOP = join(EXAMPLES, 'a-service-that-is-not-openstack')
const CONFIG = `${SHOP}/yagi.conf`

test('the shop of docs/examples runs: its orders come out as its client tells them', async () => {
  const folder = temporaryFolder()
  const [timePort, apiPort] = [await freePort(), await freePort()]
  const env = {
    SHOP_AMQP_URL: inject('amqpUrl'),
    SHOP_DATA: folder,
    SHOP_TIME_SYNC: `http://127.0.0.1:${timePort}/time`,
  }
  onTestFinished(() => deleteQueue('shop.orders'))
  const run = async (...args: string[]) => {
    const { code, stderr } = await runProgram('stv3', [...args, '-c', CONFIG], env)
    expect(code, stderr).toBe(0)
  }

  startProgram(['time-server', '--listen', `127.0.0.1:${timePort}`])
  await run('db', 'upgrade')
  startProgram(['consume', '-c', CONFIG], 'stv3', env)
  startProgram(['work', '-c', CONFIG], 'stv3', env)
  startProgram(['api', '-c', CONFIG, '--listen', `127.0.0.1:${apiPort}`], 'stv3', env)
  await run('publish', `${SHOP}/orders.jsonl`)

  const url = `http://127.0.0.1:${apiPort}`
  const orders = () => describeOrders(url).catch(() => [])
  await until('A-17 is summed up', async () => (await orders()).some((line) => line.includes('completed')))
  const page = readFileSync(join(EXAMPLES, 'client/README.md'), 'utf8')
  const shown = page.split('\n').filter((line) => line.startsWith('    A-'))
  expect(await orders()).toEqual(shown.map((line) => line.trim()))

  const cancelled = () => readFileSync(join(folder, 'cancelled-orders.txt'), 'utf8')
  expect(cancelled()).toBe('A-18\n')
})
