import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { ChildProgram } from '../../sandbox/servers/child-program.ts'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { allEnded } from '../../src/runtime/all-ended.ts'
import { createStatus } from '../../src/status/create-status.ts'
import { until } from '../support/until.ts'

const [CHILDREN, KEYS] = [200, 50]
const MEASURED_MS = 65_000
const TICKS_PER_S = 100

/** Returns the time of the processor that a process has used, in seconds. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
}

test('10,000 keys from 200 children on one relay', async () => {
  const port = await freePort()
  const relay = new ChildProgram('stv3', ['status-relay', '-serveraddr', `127.0.0.1:${port}`])
  onTestFinished(() => {
    relay.child.kill('SIGKILL')
  })
  await until('the relay to listen', () => relay.stdout !== '')
  const idle = residentMb(relay.child.pid as number)
  const url = `http://127.0.0.1:${port}/`
  const children = Array.from({ length: CHILDREN }, (_, index) =>
    createStatus({ parent: { url, name: `machine_${index}` } }),
  )
  onTestFinished(() => allEnded(children.map((child) => child.stop())))
  for (const [index, child] of children.entries()) {
    for (let key = 0; key < KEYS; key++)
      child.report(`part_${key}.state`, `running for ${index} s, and all is well`)
    await child.start()
    await delay(MEASURED_MS / CHILDREN / 5)
  }
  const count = async () => ((await (await fetch(url)).text()).match(/\n/g) ?? []).length
  await until('all keys', async () => (await count()) === CHILDREN * KEYS)

  const pid = relay.child.pid as number
  const before = processorTime(pid)
  const begun = performance.now()
  // Each child has something new every ten seconds.
  const looks: number[] = []
  for (let round = 0; performance.now() - begun < MEASURED_MS; round++) {
    children[round % CHILDREN]?.report('part_0.state', `round ${round}`)
    if (round % 20 === 0) looks.push(residentMb(pid))
    await delay(50)
  }
  const share = (processorTime(pid) - before) / ((performance.now() - begun) / 1000)
  // The start of Node from sources takes more for a moment.
  const most = Math.max(...looks)
  console.log(
    JSON.stringify({ keys: await count(), share_of_core: share, most_rss_mb: most, start_rss_mb: idle }),
  )
  expect(await count()).toBe(CHILDREN * KEYS)
  // From a build the whole is some 20 MB less: nothing has to strip types.
  expect(most - idle).toBeLessThanOrEqual(30)
})

function residentMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kilobytes) / 1024)
}
