import { expect, onTestFinished, test } from 'vitest'
import { ChildProgram } from '../../../sandbox/servers/child-program.ts'
import { freePort } from '../../../sandbox/servers/server-process.ts'
import { relayArgs } from '../../../src/cli/status/relay-args.ts'
import { parseChildren } from '../../../src/cli/status/relay-options.ts'
import { postModel } from '../../support/status-tree.ts'
import type { StatusVectors } from '../../support/status-vectors.ts'
import { until } from '../../support/until.ts'
import { loadVectors } from '../../support/vectors.ts'

const { cli } = loadVectors<StatusVectors>('status.json')

function started(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProgram {
  const program = new ChildProgram('stv3', ['status-relay', ...args], env)
  onTestFinished(() => {
    program.child.kill('SIGKILL')
  })
  return program
}

const withPort = async (args: readonly string[]) =>
  Promise.all(args.map(async (arg) => arg.replace('<free port>', String(await freePort()))))

test.each(cli.filter(({ differs_on_purpose: differs }) => differs === undefined))('$id', async (vector) => {
  const relay = started(await withPort(vector.args))
  if (vector.exit === 'running') {
    await until(
      'its line',
      () => (vector.stdout ? relay.stdout : '.') !== '' && (vector.stderr ? relay.stderr : '.') !== '',
    )
    expect(relay.isRunning).toBe(true)
  } else expect((await relay.result()).code).toBe(vector.exit)
  expect([relay.stdout !== '', relay.stderr !== '']).toEqual([vector.stdout, vector.stderr])
})

test('bad-address differs: an exit code other than 0', async () => {
  const { code, stderr } = await started(['-serveraddr', 'nowhere']).result()
  expect([code, stderr]).toEqual([2, expect.stringContaining('expected HOST:PORT')])
})

test('child-no-equals differs: an error of usage', async () => {
  const { code, stderr } = await started(['-children', 'http://127.0.0.1:1/']).result()
  expect([code, stderr]).toEqual([2, expect.stringContaining('expected NAME=URL')])
})

test('every vector that differs has a test of its own', () => {
  const different = cli.filter(({ differs_on_purpose: differs }) => differs !== undefined)
  expect(different.map(({ id }) => id)).toEqual(['bad-address', 'child-no-equals'])
})

test('other machines are served with tokens or --insecure only', async () => {
  const { code, stderr } = await started(['-serveraddr', '0.0.0.0:9091']).result()
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('give --insecure, or a file of tokens (--tokens)'),
  ])
})

test.each([
  [
    ['-serveraddr', 'a:1', '-ourname=b'],
    ['--serveraddr=a:1', '--ourname=b'],
  ],
  [
    ['-parentfromenv', '-pushtoparent=false'],
    ['--parentfromenv=true', '--pushtoparent=false'],
  ],
  [['--ourname', '-x', 'rest', '-children', 'y'], ['--ourname=-x']],
  [['-parenturl', '', '-ourname='], []],
  [
    ['-colour', '-serveraddr'],
    ['--colour', '--serveraddr'],
  ],
])('%j is %j', (given, args) => {
  expect(relayArgs(given)).toEqual({ args, isOriginalHelp: false })
})

test('children: the first = ends the name, which may be empty', () => {
  expect(parseChildren('a/b=http://h/?x=y,=https://h2/')).toEqual([
    { name: 'a/b', url: 'http://h/?x=y' },
    { name: '', url: 'https://h2/' },
  ])
  expect(() => parseChildren('a=http://h/,')).toThrow('found ""')
})

test('stv3 status and klugman status print the tree, and end with 1 where an expectation does not hold', async () => {
  const port = await freePort()
  const relay = started(['-serveraddr', `127.0.0.1:${port}`])
  await until('its line', () => relay.stdout !== '')
  const url = `http://127.0.0.1:${port}/`
  await postModel(url, {
    'east/kiln.state': { value: 'hot\u001b[31m', age: 0, ttl: 600 },
    'east/lid.state': { value: 'shut', age: 0, ttl: 600 },
  })
  const [tree, json, wrong, klugman] = await Promise.all([
    new ChildProgram('stv3', ['status', url, '--expect', 'east/lid.state=shut']).result(),
    new ChildProgram('stv3', ['status', url, '--json', '--prefix', 'east/lid']).result(),
    new ChildProgram('stv3', ['status', url, '--expect', 'east/lid.state=open', 'east/none=1']).result(),
    new ChildProgram('klugman', [url, 'status', '--expect', 'east/lid.state=shut']).result(),
  ])
  expect(tree.code).toBe(0)
  expect(tree.stdout).toMatch(
    /^east\/\n {2}kiln\.state: hot\\u001b\[31m +\d+ s\n {2}lid\.state: shut +\d+ s\n$/,
  )
  expect(klugman).toMatchObject({ code: 0, stdout: expect.stringMatching(/^east\/\n/) })
  expect(JSON.parse(json.stdout)).toMatchObject({
    key: 'east/lid.state',
    value: 'shut',
    ttl: 600,
    stale: false,
  })
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toBe(
    'stv3: east/lid.state: expected "open", found "shut"\nstv3: east/none: expected "1", found no such key\n',
  )
  relay.child.kill('SIGTERM')
  expect((await relay.result()).code).toBe(0)
}, 600_000)
