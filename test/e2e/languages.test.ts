import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { folderWith } from '../support/folders.ts'
import { simulatedDay } from '../support/notifications.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { loadVectors } from '../support/vectors.ts'

const CONFIG = resolve(import.meta.dirname, '../../config')

function run(args: readonly string[], input?: string) {
  return runProgram('stv3', args, {}, input)
}

function jsonLines(text: string) {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

test('timex evaluates an expression', async () => {
  expect(await run(['timex', 'day($first) + 6h', '--var', 'first=2026-01-31T18:00:00'])).toMatchObject({
    code: 0,
    stdout: '2026-01-31T06:00:00.000000 to 2026-02-01T06:00:00.000000\n',
  })
  expect(await run(['timex', '$first +', '--var', 'first=2026-01-31'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'stv3: the expression ends at column 9, expected a duration such as 1d or 6h\n',
  })
  expect(await run(['timex', '$first', '--var', 'first=soon'])).toMatchObject({ code: 2 })
})

test('timex --jsonl answers a line for each, in the form of the vectors', async () => {
  type Vector = { expr: string; vars: unknown; match?: unknown; result: { error?: string } }
  const vectors = loadVectors<Vector[]>('timex.json')
  const sound = vectors.filter(({ result }) => !result.error)
  const lines = vectors.map(({ expr, vars, match }) => JSON.stringify({ expr, vars, match }))
  const { code, stdout } = await run(['timex', '--jsonl'], lines.join('\n'))
  expect(code).toBe(0)
  const answers = jsonLines(stdout)
  expect(answers).toHaveLength(vectors.length)
  const ofSound = answers.filter((_, index) => !vectors[index]?.result.error)
  expect(ofSound.map(({ result }) => result)).toEqual(sound.map(({ result }) => result))
  const lexer = answers[vectors.findIndex(({ result }) => result.error === 'lexer')]
  expect(lexer.result).toMatchObject({
    error: 'lexer',
    phase: 'parse',
    detail: expect.stringMatching(/column/),
  })
})

test('timex --jsonl answers for a line that is no request too', async () => {
  const lines = [
    '{"expr":"day","vars":{"timestamp":"2026-01-01"}}',
    'nonsense',
    '{"expr":"day","vars":{"timestamp":"x"}}',
  ]
  const { code, stdout } = await run(['timex', '--jsonl'], lines.join('\n'))
  expect(code).toBe(1)
  expect(jsonLines(stdout)).toMatchObject([
    { result: { kind: 'range' } },
    { error: expect.stringMatching(/^line 2 is not JSON/) },
    { error: 'line 3: "x" is not an ISO 8601 time' },
  ])
})

test('distill answers a line for each line: an event, null, or why not', async () => {
  const definitions = join(
    folderWith({ 'd.yaml': '- event_type: a.*\n  traits: {n: {fields: payload.n, type: int}}\n' }),
    'd.yaml',
  )
  const input = [
    { event_type: 'a.b', message_id: '1', timestamp: '2026-01-01 10:00:00.25', payload: { n: '7' } },
    { event_type: 'b', message_id: '2', timestamp: '2026-01-01 10:00:00', payload: {} },
    { event_type: 'a.b', message_id: '3', timestamp: '2026-01-01 10:00:00', payload: { n: 'seven' } },
    { message_id: '4' },
  ].map((notification) => JSON.stringify(notification))
  const { code, stdout } = await run(['distill', '--definitions', definitions], [...input, '[]'].join('\n'))
  expect(code).toBe(0)
  const [event, dropped, ...refused] = jsonLines(stdout)
  expect(event).toMatchObject({
    event_type: 'a.b',
    message_id: '1',
    timestamp: { __type__: 'datetime', datetime: '2026-01-01T10:00:00.250000' },
    n: 7,
  })
  expect(dropped).toBeNull()
  expect(refused).toHaveLength(3)
  for (const { error } of refused) expect(error).toEqual(expect.any(String))
  const caught = await run(['distill', '--definitions', definitions, '--catchall'], input[1])
  expect(jsonLines(caught.stdout)).toMatchObject([{ event_type: 'b' }])
})

test('distill takes several files of definitions and folders, the last that matches wins', async () => {
  const folder = folderWith({
    'a.yaml': '- event_type: a.*\n  traits: {n: {fields: payload.n}}\n- include: more.yaml\n',
    'more.yaml': '- event_type: b.*\n  traits: {n: {fields: payload.n}}\n',
    'packs/c.yaml': '- event_type: a.c\n  traits: {m: {fields: payload.n}}\n',
  })
  const input = ['a.b', 'b.b', 'a.c', 'c.c'].map((type) =>
    JSON.stringify({ event_type: type, message_id: type, timestamp: '2026-01-01', payload: { n: 'x' } }),
  )
  const args = ['--definitions', join(folder, 'a.yaml'), '--definitions', join(folder, 'packs')]
  const { code, stdout } = await run(['distill', ...args], input.join('\n'))
  expect(code).toBe(0)
  expect(jsonLines(stdout)).toMatchObject([{ n: 'x' }, { n: 'x' }, { m: 'x' }, null])
})

test('distill makes an event of everything that the simulator sends', async () => {
  const lines = simulatedDay(5, 10, 10)
  const { stdout } = await run(
    ['distill', '--definitions', join(CONFIG, 'event_definitions.yaml')],
    lines.join('\n'),
  )
  const events = jsonLines(stdout)
  expect(events).toHaveLength(lines.length)
  for (const event of events) {
    expect(event).toMatchObject({ tenant_id: expect.any(String), service: expect.any(String) })
  }
})

test('explain tells definition, fields, triggers and the reasons against', async () => {
  const notification = {
    event_type: 'compute.instance.reboot.end',
    message_id: 'm1',
    timestamp: '2026-01-01 10:00:00',
    publisher_id: 'compute.h1',
    _context_tenant: 't1',
    payload: { instance_id: 'i1', memory_mb: 512 },
  }
  const lacking = { ...notification, event_type: 'compute.instance.exists', message_id: 'm3' }
  const foreign = { event_type: 'greeting.create', message_id: 'm2', timestamp: '2026-01-01', payload: {} }
  const lines = [notification, foreign, lacking].map((one) => JSON.stringify(one))
  const input = `${lines.join('\n')}\nnonsense\n`
  const args = ['explain', '-c', join(CONFIG, 'winchester.yaml'), '-']
  const told = await run(args, input)
  expect(told.code).toBe(0)
  expect(told.stdout).toMatch(/definition .*packs\/nova\.yaml:\d+: compute\.instance\.\*$/m)
  expect(told.stdout).toMatch(
    /passed over, since a later one matches: definition .*packs\/nova\.yaml:\d+: compute\.\*/,
  )
  expect(told.stdout).toContain('tenant_id = "t1" (text, from _context_tenant)')
  expect(told.stdout).toContain('trigger instance_day: joins the stream {"instance_id":"i1"')
  expect(told.stdout).toMatch(
    /does not count for the fire criterion event_type: compute\.instance\.exists, .*, as trait audit_period_/,
  )
  expect(told.stdout.match(/fire criterion/g)).toHaveLength(1)
  const [explained, unmatched, unfit, broken] = jsonLines((await run([...args, '--json'], input)).stdout)
  expect(explained).toMatchObject({
    message_id: 'm1',
    definition: {
      event_type: ['compute.instance.*'],
      file: expect.stringMatching(/packs\/nova\.yaml$/),
      line: expect.any(Number),
    },
    traits: { memory_mb: { type: 'int', value: 512, field: 'payload.memory_mb' } },
    triggers: [
      { name: 'instance_day', match: true, key: { instance_id: 'i1' }, fire_criteria: [{ met: false }] },
      { name: 'versioned_instance_day', match: false },
    ],
  })
  expect(unmatched).toMatchObject({ message_id: 'm2', triggers: [] })
  expect(unfit).toMatchObject({ triggers: [{ fire_criteria: [{ met: false }] }, { fire_criteria: [] }] })
  expect(broken).toMatchObject({ message_id: null, error: expect.stringContaining('JSON') })
})

test('check --against holds notifications against a configuration', async () => {
  const sound = simulatedDay(5, 5, 5)
  const folder = folderWith({ 'day.jsonl': sound.join('\n') })
  const args = ['check', '-c', join(CONFIG, 'winchester.yaml'), '--against', join(folder, 'day.jsonl')]
  const told = await run(args)
  expect(told).toMatchObject({ code: 0, stderr: '' })
  expect(told.stdout).toMatch(
    /packs\/nova\.yaml:\d+:\d+: warning: the definition of HostAPI\.\* was not used/,
  )
  expect(told.stdout).toContain(`is valid; it was compared with ${sound.length} notifications`)

  const foreign = { event_type: 'greeting', message_id: 'm', timestamp: '2026-01-01', payload: {} }
  const odd = await run([...args, '-', '--json'], `${JSON.stringify(foreign)}\n\nnonsense\n`)
  expect(odd.code).toBe(1)
  const findings = jsonLines(odd.stdout)
  expect(findings).toContainEqual({
    severity: 'warning',
    code: 'no-definition',
    file: '-',
    line: 1,
    column: 1,
    path: '',
    message: 'greeting: no definition matches 1 notification',
  })
  expect(findings).toContainEqual(
    expect.objectContaining({ severity: 'error', code: 'unreadable', file: '-', line: 3 }),
  )
})

test.each([
  [['check', '-c', join(CONFIG, 'winchester.yaml'), '--against', '/nosuch']],
  [['explain', '-c', join(CONFIG, 'winchester.yaml'), '/nosuch']],
  [['distill', '--definitions', join(CONFIG, 'event_definitions.yaml'), '/nosuch.gz']],
])('%j names the file that cannot be read', async (args) => {
  const { code, stderr } = await run(args)
  expect(code).toBe(1)
  expect(stderr).toMatch(/^stv3: cannot read \/nosuch(\.gz)?: ENOENT.*\n$/)
})

test('explain gives the reason why a trigger does not match', async () => {
  const notification = {
    event_type: 'compute.instance.reboot.end',
    message_id: 'm1',
    timestamp: '2026-01-01 10:00:00',
    payload: {},
  }
  const args = ['explain', '--json', '-c', join(CONFIG, 'winchester.yaml'), '-']
  const [explained] = jsonLines((await run(args, JSON.stringify(notification))).stdout)
  expect(explained.triggers).toEqual([
    {
      name: 'instance_day',
      match: false,
      reason: expect.stringContaining('instance_id'),
      key: null,
      fire_criteria: [],
    },
    {
      name: 'versioned_instance_day',
      match: false,
      reason: expect.stringContaining('event type'),
      key: null,
      fire_criteria: [],
    },
  ])
})

test('explain shows the other traits of a notification whose one trait fails', async () => {
  const notification = {
    event_type: 'compute.instance.reboot.end',
    message_id: 'm1',
    timestamp: '2026-01-01 10:00:00',
    payload: { instance_id: 'i1', memory_mb: 'much' },
  }
  const args = ['explain', '--json', '-c', join(CONFIG, 'winchester.yaml'), '-']
  const [explained] = jsonLines((await run(args, JSON.stringify(notification))).stdout)
  expect(explained).toMatchObject({
    error: expect.stringMatching(/^distill: trait memory_mb: .*much/),
    traits: { instance_id: { value: 'i1' } },
    triggers: [],
  })
})

test('the tests of the shipped triggers pass', async () => {
  const folder = join(CONFIG, 'tests')
  const files = readdirSync(folder).map((name) => join(folder, name))
  const { code, stdout, stderr } = await run(['test', ...files])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^13 passed, 0 failed$/m)
})

const TEST_FILE = `
triggers:
  - name: t
    distinguished_by: [host]
    match_criteria: [{event_type: x}]
    fire_criteria: [{event_type: x, number: 2}]
    expiration: $last + 1h
    fire_pipeline: mark
pipelines: {mark: [own]}
pipeline_handlers: {own: "./own.mjs:Own"}
tests:
  - name: fires on the second
    steps:
      - {now: 2026-01-01T00:00:00, event: {message_id: a, event_type: x, timestamp: 2026-01-01T00:00:00, host: h1}}
      - {now: 2026-01-01T00:00:01, event: {message_id: b, event_type: x, timestamp: 2026-01-01T00:00:01, host: h1}}
      - {now: 2026-01-01T00:00:02, run: fire}
    expect:
      streams: [{name: t, state: completed, events: [a, b]}]
      events: [{event_type: marked}]
`

const OWN = `
export class Own {
  constructor(params, context) { this.context = context }
  handleEvents(events, env) {
    const [first] = events
    return [...events, { ...first, messageId: 'made-' + env.streamId, eventType: 'marked' }]
  }
  commit() {}
  rollback() {}
}
export class NoHandler {}
`

test('test runs with own handlers, and tells differences', async () => {
  const folder = folderWith({
    'good.yaml': TEST_FILE,
    'bad.yaml': TEST_FILE.replace('state: completed', 'state: active'),
    'own.mjs': OWN,
  })
  expect(await run(['test', join(folder, 'good.yaml')])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('1 passed, 0 failed'),
  })
  const bad = await run(['test', join(folder, 'good.yaml'), join(folder, 'bad.yaml')])
  expect(bad.code).toBe(1)
  expect(bad.stdout).toContain('streams[0].state: expected "active", got "completed"')
  expect(bad.stdout).toMatch(/got "completed"\n +stream 1 of t: completed, 2 events\n +It fired/)
  expect(bad.stdout).toContain('1 passed, 1 failed')
  const json = await run(['test', '--json', join(folder, 'bad.yaml')])
  expect(json.code).toBe(1)
  expect(jsonLines(json.stdout)).toMatchObject([
    {
      name: 'fires on the second',
      ok: false,
      differences: ['streams[0].state: expected "active", got "completed"'],
      error: null,
      actual: {
        streams: [{ id: 1, name: 't', events: ['a', 'b'], distinguishing_traits: { host: 'h1' } }],
        events: [
          { event_type: 'marked', message_id: 'made-1', traits: { host: { type: 'text', value: 'h1' } } },
        ],
      },
    },
  ])
})

test.each([
  ['a trigger that is faulty', TEST_FILE.replace('$last + 1h', '$last + 1'), /time expression/],
  ['a handler module that is not there', TEST_FILE.replace('own.mjs', 'nosuch.mjs'), /cannot be loaded/],
  ['a class that is not there', TEST_FILE.replace(':Own', ':Nosuch'), /exports no class Nosuch/],
  ['a class that is no handler', TEST_FILE.replace(':Own', ':NoHandler'), /lacks handleEvents\(\)/],
])('test reports %s as the error of that test', async (_, text, message) => {
  const folder = folderWith({ 't.yaml': text, 'own.mjs': OWN })
  const { code, stdout } = await run(['test', '--json', join(folder, 't.yaml')])
  expect(code).toBe(1)
  expect(jsonLines(stdout)).toMatchObject([
    { ok: false, error: expect.stringMatching(message), actual: null },
  ])
})

test.each([
  ['{now: soon, run: fire}', '3:19: now: expected an ISO 8601 time'],
  ['{now: 2026-01-01, run: fir}', '3:36: run: invalid option'],
  ['{now: 2026-01-01, rnu: fire}', '3:31: unknown key "rnu"; did you mean "run"?'],
  ['{now: 2026-01-01}', '3:13: entry 1: expected one of event, notification, run, reset'],
])('test names the place of the step %s', async (step, message) => {
  const folder = folderWith({ 't.yaml': `tests:\n  - name: x\n    steps: [${step}]\n` })
  const { code, stderr } = await run(['test', join(folder, 't.yaml')])
  expect(code).toBe(1)
  expect(stderr).toContain(`t.yaml:${message}`)
})

test('test ignores keys that it does not know, and says so', async () => {
  const folder = folderWith({
    't.yaml': TEST_FILE.replace('run: fire', 'run: fire, odd: 1').concat('odd: 1\n'),
    'own.mjs': OWN,
  })
  const { code, stderr } = await run(['test', join(folder, 't.yaml')])
  expect(code).toBe(0)
  expect(stderr.match(/unknown key "odd"; it is ignored/g)).toHaveLength(2)
})

test('test tells a field that is probably misspelt', async () => {
  const folder = folderWith({ 't.yaml': TEST_FILE.replace('state:', 'staet:'), 'own.mjs': OWN })
  const { stdout } = await run(['test', join(folder, 't.yaml')])
  expect(stdout).toContain('streams[0].staet: expected "completed", got nothing; did you mean "state"?')
})

test('definitions use own plugins', async () => {
  const folder = folderWith({
    'winchester.yaml':
      'database: {url: "sqlite::memory:"}\ndistiller_config: d.yaml\ndistiller_trait_plugins: {shout: "./p.mjs:Shout"}\n',
    'd.yaml':
      '- event_type: x\n  traits: {n: {fields: payload.n, plugin: {name: shout, parameters: {tail: "!"}}}}\n',
    'p.mjs': `export class Shout {
      constructor({ tail }) { this.tail = tail }
      traitValue([[, value]]) { return value.toUpperCase() + this.tail }
    }`,
  })
  const config = join(folder, 'winchester.yaml')
  expect(await run(['check', '-c', config])).toMatchObject({ code: 0 })
  const notification = JSON.stringify({
    event_type: 'x',
    message_id: '1',
    timestamp: '2026-01-01',
    payload: { n: 'a' },
  })
  const [explained] = jsonLines((await run(['explain', '--json', '-c', config, '-'], notification)).stdout)
  expect(explained.traits.n).toMatchObject({ type: 'text', value: 'A!' })
})

test('a slow reader gets everything', async () => {
  const line = JSON.stringify({
    event_type: 'a',
    message_id: 'm',
    timestamp: '2026-01-01',
    payload: { text: 'x'.repeat(2000) },
  })
  const folder = folderWith({
    'd.yaml': '- event_type: a\n  traits: {text: {fields: payload.text}}\n',
    'in.jsonl': `${line}\n`.repeat(1000),
  })
  const args = ['distill', '--definitions', join(folder, 'd.yaml'), join(folder, 'in.jsonl')]
  const { child, result } = startedPaused(args)
  await once(child, 'spawn')
  await setTimeout(500)
  child.stdout?.resume()
  const { code, stdout } = await result
  expect(code).toBe(0)
  expect(jsonLines(stdout)).toHaveLength(1000)
})

function startedPaused(args: readonly string[]) {
  const program = startProgram(args)
  program.child.stdout?.pause()
  return { child: program.child, result: program.result() }
}

test('distill and explain fail when nothing becomes an event, and know events that are events already', async () => {
  const folder = folderWith({ 'day.jsonl': simulatedDay(5, 5, 1).slice(0, 20).join('\n') })
  const distilled = await run(['distill', '-c', join(CONFIG, 'winchester.yaml'), join(folder, 'day.jsonl')])
  expect(distilled.code).toBe(0)
  const events = distilled.stdout.replaceAll(/^null\n/gm, '')
  for (const command of ['distill', 'explain']) {
    const again = await run([command, '-c', join(CONFIG, 'winchester.yaml'), '-'], events)
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('these are events already') })
  }
})

test('explain knows that a stream whose expiry cannot be computed takes no event', async () => {
  const late = JSON.stringify({
    event_type: 'compute.instance.exists',
    message_id: 'm',
    timestamp: '9999-12-30 12:00:00',
    payload: { instance_id: 'i' },
  })
  const { stdout } = await run(['explain', '-c', join(CONFIG, 'winchester.yaml'), '-'], late)
  expect(stdout).toMatch(/trigger instance_day: no, it can join no stream: expiration cannot be computed/)
})
