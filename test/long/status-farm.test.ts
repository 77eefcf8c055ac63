import { expect, onTestFinished, test } from 'vitest'
import { ChildProgram } from '../../sandbox/servers/child-program.ts'
import { freePort } from '../../sandbox/servers/server-process.ts'
import { postModel } from '../support/status-tree.ts'
import { until } from '../support/until.ts'

type Relay = { readonly url: string; readonly program: ChildProgram }

async function relay(args: readonly string[], env: NodeJS.ProcessEnv = {}, port?: number): Promise<Relay> {
  const own = port ?? (await freePort())
  const program = new ChildProgram('stv3', ['status-relay', '-serveraddr', `127.0.0.1:${own}`, ...args], env)
  onTestFinished(() => {
    program.child.kill('SIGKILL')
  })
  await until('the relay to listen', () => program.stdout !== '')
  return { url: `http://127.0.0.1:${own}/`, program }
}

const textOf = async ({ url }: Relay) => (await fetch(url)).text()

/** Two push, of which one by environment, two are scraped, and each kind has a grandchild. */
test('a farm of seven processes; one is killed, and the root is', async () => {
  const rootPort = await freePort()
  const rootUrl = `http://127.0.0.1:${rootPort}/`
  const leaf = await relay([])
  const [scraped, other] = [await relay(['-children', `leaf=${leaf.url}`]), await relay([])]
  const children = ['-children', `scraped=${scraped.url},other=${other.url}`]
  const root = await relay(children, {}, rootPort)
  const pushing = await relay(['-parenturl', rootUrl, '-ourname', 'pushing'])
  const named = await relay(['-parentfromenv'], { HERMES_PARENT_URL: rootUrl, HERMES_MYNAME: 'named' })
  const below = await relay(['--parenturl', pushing.url, '--ourname', 'below'])
  for (const one of [root, pushing, named, below, scraped, other, leaf])
    expect(await postModel(one.url, { state: { value: 'up', age: 0, ttl: 600 } })).toBe(200)
  const whole = [
    ...['state', 'named/state', 'other/state', 'pushing/below/state', 'pushing/state', 'scraped/leaf/state'],
    'scraped/state',
  ]
  await until(
    'all of it at the root',
    async () => (await textOf(root)) === whole.map((key) => `${key}: up\n`).join(''),
  )

  // One that is gone stays known until its ttl; the others go on.
  named.program.child.kill('SIGKILL')
  expect(await postModel(below.url, { state: { value: 'busy', age: 0, ttl: 600 } })).toBe(200)
  await until('a change two hops away', async () =>
    (await textOf(root)).includes('pushing/below/state: busy'),
  )
  expect(await textOf(root)).toContain('named/state: up')

  root.program.child.kill('SIGKILL')
  await root.program.result()
  const again = await relay(children, {}, rootPort)
  await until(
    'what it knew, by pushes and scrapes',
    async () => {
      const text = await textOf(again)
      return [
        'pushing/below/state: busy',
        'pushing/state: up',
        'scraped/leaf/state: up',
        'other/state: up',
      ].every((line) => text.includes(line))
    },
    90_000,
  )
})
