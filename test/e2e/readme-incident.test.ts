import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { temporaryFolder } from '../support/folders.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { runningStatus } from '../support/status-tree.ts'
import { until } from '../support/until.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const KLUGMAN = `${process.execPath} ${join(ROOT, 'src/cli/klugman.ts')}`

test('the incident of the README goes from the notification over the explanation to the repair', async () => {
  const folder = temporaryFolder()
  const address = `127.0.0.1:${await freePort()}`
  const data = join(folder, 'data')
  // At the pace of the wall clock the stream does not expire while the test looks at it.
  const { status, url: parent } = await runningStatus()
  const env = { HERMES_PARENT_URL: parent, HERMES_MYNAME: 'sandbox' }
  const args = ['--data', data, '--listen', address, '--speed', '1', '--instances', '1']
  const program = startProgram(['up', ...args], 'stv3', env)
  await until('the API answers', () =>
    fetch(`http://${address}/v1/streams`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )

  const [write, post, list, mend, retry, timeline, explain, ...more] = commandsOf('An incident')
  expect(more).toEqual([])
  const run = async (command = '') => {
    const plain = command.replaceAll('127.0.0.1:8000', address).replace('npm run -s klugman --', KLUGMAN)
    return (await promisify(execFile)('bash', ['-c', plain], { cwd: folder })).stdout
  }
  await run(write)
  expect(JSON.parse(await run(post))).toMatchObject([
    { outcome: 'dead_letter', reason: 'trait memory_mb: "4 GB" is not an integer' },
  ])
  const [, id] = /^(\d+) .*is not an integer/m.exec(await run(list)) ?? []
  await run(mend)
  await run(retry?.replace('--id 1', `--id ${id}`))
  expect(JSON.parse(await run(post))).toMatchObject([{ outcome: 'duplicate' }])
  const story = await run(timeline)
  expect(story).toContain('compute.instance.resize.end')
  const [, stream] = /stream (\d+) of instance_day opened/.exec(story) ?? []
  expect(await run(explain?.replace('--id 1', `--id ${stream}`))).toContain(
    'It has not fired: 1 of 1 fire criteria',
  )

  // It says in the status tree what its parts do.
  const said = (key: string) => status.get(`sandbox/${key}`)?.value
  await until('its events are counted there', () => Number(said('consumer.stored')) > 0)
  expect([said('up.state'), said('worker.failed')]).toEqual(['running', '0'])
  expect(said('api.address')).toBe(`http://${address}/`)
  expect(said('archive.file')).toContain(data)
  await program.stop('SIGTERM')
  expect(said('up.state')).toBe('stopped')
}, 300_000)

/** Returns the commands of a section of the README. */
function commandsOf(section: string): string[] {
  const page = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const begin = page.indexOf(`## ${section}`)
  const end = page.indexOf('Ctrl-C', begin)
  return [...page.slice(begin, end).matchAll(/^ {4}(.+)$/gm)].map(([, command]) => command as string)
}
