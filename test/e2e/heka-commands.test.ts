import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ChildProgram, runProgram } from '../../sandbox/servers/child-program.ts'
import { encodeMessage } from '../../src/heka/wire/encode-message.ts'
import { parseMessageForm } from '../../src/heka/wire/parse-message-form.ts'
import { folderWith } from '../support/folders.ts'
import { messageNumber } from '../support/heka/subscription.ts'
import { matcherVectors, subscriberVectors, vectorBytes, wireVectors } from '../support/heka/vectors.ts'
import { until } from '../support/until.ts'

const linesOf = (text: string) => text.split('\n').slice(0, -1)
const jsonLines = (values: readonly unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('')

test('heka-match evaluates the vectors, a line each', async () => {
  const { messages, cases } = matcherVectors()
  const requests = cases.map(({ expr, message = {} }) => ({
    expr,
    message: typeof message === 'string' ? messages[message] : message,
  }))
  const { code, stdout } = await runProgram('stv3', ['heka-match', '--jsonl'], {}, jsonLines(requests))
  expect(code).toBe(0)
  const found = linesOf(stdout).map((line) => JSON.parse(line))
  expect(found).toHaveLength(cases.length)
  for (const [index, one] of cases.entries()) {
    const { error, result } = one.strict ?? one
    if (error) expect(found[index]).toEqual({ error: expect.any(String) })
    else expect(found[index], one.id).toEqual({ result })
  }
})

test('heka-decode shows messages, and heka-encode writes them again', async () => {
  const cases = wireVectors().cases.filter(
    ({ kind, title }) => kind === 'decode-message' && title !== 'empty',
  )
  const hex = cases.map(({ bytes = '' }) => vectorBytes(bytes).toString('hex'))
  const input = hex.map((line) => `${line}\n`).join('')
  const decoded = await runProgram('stv3', ['heka-decode', '--hex', '--message'], {}, input)
  expect(decoded.code).toBe(0)
  const found = linesOf(decoded.stdout).map((line) => JSON.parse(line))
  const good: string[] = []
  for (const [index, { expect: wanted = {}, strict }] of cases.entries()) {
    if (strict?.error || wanted.error) expect(found[index]).toEqual({ error: expect.any(String) })
    else {
      expect(found[index]).toEqual({ message: wanted.message })
      good.push(wanted.reencoded ?? (hex[index] as string))
    }
  }
  const messages = jsonLines(found.filter(({ message }) => message))
  const framed = await runProgram('stv3', ['heka-encode', '--framed', '--hex'], {}, messages)
  const frames = linesOf(framed.stdout)
  expect(frames).toHaveLength(good.length)
  for (const [index, hex] of good.entries())
    expect(frames[index]).toMatch(new RegExp(`^1e[0-9a-f]+1f${hex}$`))
})

test('heka-decode prints the lines that the subscriber sends', async () => {
  const one = subscriberVectors().cases.find(({ kind, quirk }) => kind === 'encode' && quirk === undefined)
  const hex = (one?.messages ?? []).map((message) => encodeMessage(parseMessageForm(message)).toString('hex'))
  const lines = await runProgram('stv3', ['heka-decode', '--hex', '--lines'], {}, `${hex.join('\n')}\n`)
  expect(lines.stdout).toBe(one?.expect.body)
})

test('a program of Heka without what it needs says so and ends with 1', async () => {
  const { code, stderr } = await runProgram('stv3', ['heka-subscribe'], { SUB_BATCH_TIMEOUT: '10' })
  expect(code).toBe(1)
  expect(stderr).toContain('required SUB_CLIENT_ID is missing')
  expect(stderr).toContain('SUB_BATCH_TIMEOUT: expected a duration with its unit')
})

test('faults of a file of settings are told with their places', async () => {
  const folder = folderWith({
    'tcp.yaml':
      'client_id: t\nwindow_megabytes: 0\nsubjekt: s\nmatch_spec: Type ~= /x/\nbind_address: here\n',
    'list.yaml': '- a\n',
  })
  const faulty = await runProgram('stv3', ['heka-tcp', '-c', join(folder, 'tcp.yaml')], {})
  expect(faulty.code).toBe(1)
  expect(faulty.stderr).toContain(
    'tcp.yaml:2:19: window_megabytes: expected a whole number from 1 to 1024, found "0"',
  )
  expect(faulty.stderr).toContain('tcp.yaml:3:1: unknown key subjekt; did you mean "subject"?')
  expect(faulty.stderr).toContain('tcp.yaml:4:13: match_spec: found "~=" at column 6')
  expect(faulty.stderr).toContain('tcp.yaml:5:15: bind_address: expected HOST:PORT or :PORT, found "here"')
  const list = await runProgram('stv3', ['heka-tcp', '-c', join(folder, 'list.yaml')], {})
  expect(list.stderr).toContain('list.yaml:1:1: expected a mapping of settings')
})

test('a program of Heka reads its settings again at SIGHUP, and keeps those before where they have faults', async () => {
  const common = "client_id: h\nbroker_url: 'memory:'\nstats: false\n"
  const file = join(folderWith({ 'http.yaml': `${common}bind_address: 127.0.0.1:0\n` }), 'http.yaml')
  const program = new ChildProgram('stv3', ['heka-http', '-c', file, '--log-format', 'json'])
  onTestFinished(() => program.stop('SIGKILL').then(() => {}))
  await until('it runs', () => program.stderr.includes('"running"'))
  const url = /listening on (http:[^"]+)"/.exec(program.stderr)?.[1] as string
  const reload = () => runProgram('stv3', ['reload', '--pid', String(program.child.pid)])
  const published = async () => {
    await fetch(url, { method: 'POST', body: encodeMessage(messageNumber(1)) })
    const health = await fetch(`${url}/health`)
    const { publishedCount } = (await health.json()) as { readonly publishedCount: number }
    return publishedCount
  }
  expect(await published()).toBe(1)
  writeFileSync(file, `${common}bind_address: 127.0.0.1:1\nmatch_spec: "Payload != 'm1'"\n`)
  const taken = await reload()
  expect(taken.stdout).toContain('reloaded the settings: match_spec, the files that they name')
  expect(taken.stdout).toContain('needs a restart: bind_address')
  expect(await published()).toBe(1)
  writeFileSync(file, `${common}bind_address: 127.0.0.1:0\nmatch_spec: Payload !\n`)
  const refused = await reload()
  expect([refused.code, refused.stdout]).toEqual([
    1,
    expect.stringContaining('not reloaded, the settings before'),
  ])
  expect(await published()).toBe(1)
  expect((await program.stop()).code).toBe(0)
})
