import { expect, onTestFinished, test } from 'vitest'
import { daemonParent, daemonStatus } from '../../../src/assembly/daemon-status.ts'
import { observeAt } from '../../../src/assembly/observation.ts'
import { winchesterSchema } from '../../../src/config/schemas/winchester-schema.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { createStatus } from '../../../src/status/create-status.ts'
import { served, settled } from '../../support/status-tree.ts'

const status = { parent: 'http://relay:9091/', name: 'west', parent_token: 't0ken' }

test('configuration names the machine, and the environment the whole process', () => {
  expect(daemonParent({ status }, 'worker', {})).toEqual({
    url: 'http://relay:9091/',
    name: 'west/worker',
    token: 't0ken',
  })
  const environment = {
    HERMES_PARENT_URL: 'http://other/',
    HERMES_MYNAME: 'w_1',
    STACKTACH_STATUS_TOKEN: 'other',
  }
  expect(daemonParent({ status }, 'worker', environment)).toEqual({
    url: 'http://other/',
    name: 'w_1',
    token: 'other',
  })
  expect(daemonParent({ status: { worker: '127.0.0.1:9101' } }, 'worker', {})).toBeUndefined()
  expect(daemonParent({}, 'worker', { HERMES_PARENT_URL: 'http://other/' })?.name).toMatch(/^\w\w+\/worker$/)
})

test('a daemon reports its keys to the parent, serves them under /tree and as metrics', async () => {
  const root = createStatus()
  const url = await served(root.handler)
  const observation = await observeAt({ host: '127.0.0.1', ports: [0] }, 'worker', 'wall')
  const daemon = daemonStatus({
    settings: { status: { parent: url, name: 'west' } },
    role: 'worker',
    name: 'worker-1',
    logger: silentLogger,
    observation,
    environment: {},
  })
  let fired = 0
  daemon.follow(() => ({ 'worker.fired': fired, 'worker.hindrance': undefined }))
  daemon.follow(() => Promise.reject(new Error('away')))
  daemon.noteChange('worker.last_fired', () => fired)
  await daemon.start()
  onTestFinished(() => daemon.stop())
  await settled(() => root.get('west/worker/worker.fired')?.value === '0')
  expect(root.get('west/worker/worker.last_fired')).toBeUndefined()
  fired = 3
  daemon.setState('running')
  daemon.set('reload.error', 'mysql://anna:pa55word@db: refused')
  await settled(() => root.get('west/worker/worker.last_fired') !== undefined)
  expect(root.get('west/worker/worker.state')?.value).toBe('running')
  expect(root.get('west/worker/worker.process')?.value).toBe('worker-1')
  expect(root.get('west/worker/reload.error')?.value).not.toContain('pa55word')
  const metrics = await observation.metrics.text()
  expect(metrics).toContain('stacktach_status_value{key="worker.fired"} 3')
  expect(metrics).toMatch(/stacktach_status_age_seconds\{key="worker.state"\} \d/)
  await daemon.stop()
  expect(root.get('west/worker/worker.state')?.value).toBe('stopped')
})

test('a daemon serves its tree to other machines, to those who have a token', async () => {
  const settings = winchesterSchema.parse({
    database: { url: 'sqlite:st.db' },
    status: { listen: '127.0.0.2:0', tokens: { read: ['t0ken'] } },
  })
  const lines: string[] = []
  const logger = { ...silentLogger, info: (_: object, line: string) => void lines.push(line) }
  const daemon = daemonStatus({ settings, role: 'api', name: 'api-1', logger, environment: {} })
  await daemon.start()
  onTestFinished(() => daemon.stop())
  const [, url = ''] = /^status tree at (http:\/\/127\.0\.0\.2:[1-9]\d*\/)$/.exec(lines.at(-1) ?? '') ?? []
  expect((await fetch(url)).status).toBe(401)
  const answer = await fetch(url, { headers: { authorization: 'Bearer t0ken' } })
  expect(await answer.text()).toContain('api.state: starting\n')
})
