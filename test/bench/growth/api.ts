import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { ChildProgram } from '../../../sandbox/servers/child-program.ts'
import { freePort } from '../../../sandbox/servers/server-process.ts'
import type { BenchDatabase } from '../drain.ts'
import { percentile, printFigure } from '../figure.ts'
import type { Size } from './grown-database.ts'
import { queriesOf } from './queries.ts'
import type { RequestsData } from './requests.ts'

const REQUESTS = 200
const WARM_UP = 20

/** How fast the REST API answers, one request after the other. */
export async function benchApi(database: BenchDatabase, size: Size): Promise<void> {
  await withApi(database, async (base) => {
    for (const query of await queriesOf(database.url, size)) {
      const times = await timesOf((number) => `${base}${query.path(number)}`)
      printFigure('api_p99_ms', percentile(times, 0.99), {
        query: query.name,
        goal: query.goal,
        p50: Number(percentile(times, 0.5).toFixed(1)),
      })
    }
  })
}

/** Runs the REST API of a database while `run` asks it. */
export async function withApi(database: BenchDatabase, run: (base: string) => Promise<void>): Promise<void> {
  const port = await freePort()
  const args = ['api', '-c', database.config, '--listen', `127.0.0.1:${port}`]
  const api = new ChildProgram('stv3', args, database.env)
  const base = `http://127.0.0.1:${port}/v1`
  while (!(await fetch(`${base}/streams?limit=1`).then(Boolean, () => false))) await delay(20)
  await run(base)
  await api.stop()
}

/** Milliseconds of each answer, without the first ones. */
async function timesOf(url: (number: number) => string): Promise<number[]> {
  const urls = Array.from({ length: WARM_UP + REQUESTS }, (_, number) => url(number))
  const workerData: RequestsData = { urls, warmUp: WARM_UP, mostMs: 20_000 }
  const worker = new Worker(new URL('./requests.ts', import.meta.url), { workerData })
  const [times] = await once(worker, 'message')
  return times
}
