import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { folderWith } from '../support/folders.ts'
import { loadVectors } from '../support/vectors.ts'

type Made = { event_type: string; message_id: string }
type Vector = { stream_id: number; events: Made[]; out?: Made[] }

const VECTOR = loadVectors<Vector[]>('usage.json').find(({ out }) =>
  out?.some(({ event_type }) => event_type.endsWith('.verified')),
) as Vector & { out: Made[] }

const OWN = `export class Doubling {
  static schema = { type: 'object', required: ['suffix'], properties: { suffix: { type: 'string' } } }
  constructor(params) { this.suffix = params.suffix }
  handleEvents(events) { return [...events, { ...events[0], messageId: events[0].messageId + this.suffix }] }
  commit() { throw new Error('a dry run commits nothing') }
  rollback() {}
}`

function folderOf(pipelines: string): string {
  return folderWith({
    'winchester.yaml': `database: {url: 'sqlite::memory:'}\npipeline_config: pipelines.yaml\npipeline_handlers: {own: './own.js:Doubling'}\n`,
    'pipelines.yaml': pipelines,
    'own.js': OWN,
    'events.jsonl': VECTOR.events.map((event) => `${JSON.stringify(event)}\n`).join(''),
  })
}

function pipeline(folder: string, ...args: string[]) {
  const files = ['-c', join(folder, 'winchester.yaml'), '--events', join(folder, 'events.jsonl')]
  return runProgram('stv3', ['pipeline', 'p', ...files, ...args])
}

const PUBLISHING = `p:
- usage
- {name: own, params: {suffix: -twice}}
- {name: notabene, params: {exchange: e, queue_name: q, env_keys: [usage_notifications]}}
- {name: atompub, params: {url: 'http://127.0.0.1:1/feed', event_types: '*.verified'}}
- {name: webhook, params: {url: 'http://127.0.0.1:1/hook', event_types: '*.verified'}}
- {name: exec, params: {command: [/nosuch], event_types: 'none.such'}}
`

test('events are read in whatever form a program prints them, from several files', async () => {
  const folder = folderOf('p:\n- logger\n')
  const rest = (message_id: string, traits = {}) => ({
    event_type: 'a',
    message_id,
    timestamp: { __type__: 'datetime', datetime: '2026-01-01T00:00:00' },
    ...traits,
  })
  const write = (name: string, bytes: string | Buffer) => {
    writeFileSync(join(folder, name), bytes)
    return join(folder, name)
  }
  const files = [
    write('list.json', JSON.stringify([rest('r'), rest('s', { n: 1 })], null, 2)),
    write('stream', gzipSync(JSON.stringify({ id: 1, events: [rest('t')] }))),
    '-',
  ]
  const args = ['pipeline', 'p', '-c', join(folder, 'winchester.yaml'), '--dry-run', '--json', '--events']
  const run = await runProgram('stv3', [...args, ...files], {}, `null\n${JSON.stringify(rest('u'))}`)
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(eventsIn(run.stdout).map(({ message_id }) => message_id)).toEqual(['r', 's', 't', 'u'])
  const broken = write('broken.json', '[\n  {"event_type": "a",\n   "n": [1]}\n]')
  expect(await runProgram('stv3', [...args, broken])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`${broken}:2:3: trait n: [1] is not a trait`),
  })
})

const TELLING = `export class Telling {
  handleEvents(events, env) {
    const told = { eventType: 'told', messageId: JSON.stringify(env), timestamp: events[0].timestamp, traits: {} }
    return [...events, told]
  }
  commit() {}
  rollback() {}
}`

test('a stored stream is run dry with its name, id and distinguishing traits', async () => {
  const time = '2026-01-01T00:00:00'
  const dump = {
    events: [{ id: 1, event_type: 'a', message_id: 'm', timestamp: time, traits: {} }],
    streams: [
      {
        ...{ id: 7, name: 'day', state: 'active', events: ['m'], first_event: time, last_event: time },
        distinguishing_traits: { host: { type: 'text', value: 'h' } },
      },
    ],
  }
  const folder = folderWith({
    'winchester.yaml': `database: {url: 'sqlite:db.sqlite'}\npipeline_config: pipelines.yaml\npipeline_handlers: {own: './own.js:Telling'}\n`,
    'pipelines.yaml': 'p: [own]\n',
    'own.js': TELLING,
  })
  const config = ['-c', join(folder, 'winchester.yaml')]
  writeFileSync(join(folder, 'packed'), gzipSync(JSON.stringify(dump)))
  const imported = await runProgram('stv3', ['db', 'import', join(folder, 'packed'), ...config])
  expect(imported).toMatchObject({ code: 0 })
  const args = ['pipeline', 'p', ...config, '--dry-run', '--json', '--stream']
  const [event, told] = eventsIn((await runProgram('stv3', [...args, '7'])).stdout)
  expect(event).toMatchObject({ message_id: 'm' })
  expect(JSON.parse(told?.message_id ?? '')).toEqual({
    streamId: 7,
    streamName: 'day',
    distinguishingTraits: { host: { type: 'text', value: 'h' } },
  })
  expect(await runProgram('stv3', [...args, '8'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/no stream 8/),
  })
  expect(await runProgram('stv3', [...args, '7', '--events', '-'])).toMatchObject({ code: 2 })
})

function eventsIn(stdout: string): Made[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).event)
}

test('distill uses the definitions and own plugins of a configuration', async () => {
  const notification = { event_type: 'a.b', message_id: 'm', timestamp: '2026-01-01', payload: { name: 'x' } }
  const folder = folderWith({
    'winchester.yaml': `database: {url: 'sqlite::memory:'}\ndistiller_config: d.yaml\ndistiller_trait_plugins: {shout: './shout.js:Shout'}\n`,
    'd.yaml': '- event_type: a.*\n  traits: {name: {fields: payload.name, plugin: shout}}\n',
    'shout.js': 'export class Shout { traitValue([first]) { return String(first[1]).toUpperCase() } }',
    'n.json': JSON.stringify(notification, null, 2),
  })
  const file = join(folder, 'n.json')
  const run = await runProgram('stv3', ['distill', '-c', join(folder, 'winchester.yaml'), file, file])
  expect(run).toMatchObject({ code: 0, stderr: '' })
  const events = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(events.map(({ name }) => name)).toEqual(['X', 'X'])
})

test('pipeline shows what comes out and what would be published, and commits nothing', async () => {
  const folder = folderOf(PUBLISHING)
  const { code, stdout, stderr } = await pipeline(
    folder,
    '--dry-run',
    '--json',
    '--stream-id',
    String(VECTOR.stream_id),
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const events = lines.filter(({ event }) => event)
  expect(events.slice(0, VECTOR.events.length)).toEqual(VECTOR.events.map((event) => ({ event, new: false })))
  const made = events.slice(VECTOR.events.length)
  expect(made.map(({ event }) => event.event_type).slice(0, -1)).toEqual(
    VECTOR.out.map(({ event_type }) => event_type),
  )
  expect(made.at(-1)).toMatchObject({
    new: true,
    event: { message_id: `${VECTOR.events[0]?.message_id}-twice` },
  })
  const [notabene, atompub, webhook, ...others] = lines.filter(({ handler }) => handler)
  expect(notabene).toMatchObject({
    handler: 'notabene',
    would_publish: VECTOR.out.map(({ event_type }) => ({ event_type })),
  })
  const verified = made.find(({ event }) => event.event_type.endsWith('.verified'))
  expect(atompub).toMatchObject({
    handler: 'atompub',
    would_publish: [{ message_id: verified.event.message_id, atom: expect.stringContaining('<atom:entry') }],
  })
  expect(webhook).toEqual({ handler: 'webhook', would_publish: [{ events: [verified.event] }] })
  expect(others).toEqual([])
})

test('without --json it is a table, for people', async () => {
  const { code, stdout } = await pipeline(folderOf('p: [logger]\n'), '--dry-run')
  expect(code).toBe(0)
  expect(stdout).toContain(`p: ${VECTOR.events.length} events come out`)
})

test('without --dry-run it is wrong usage', async () => {
  const { code, stderr } = await pipeline(folderOf('p: [logger]\n'))
  expect(code).toBe(2)
  expect(stderr).toContain('expected --dry-run')
})

test.each([
  ['p: [nosuch]\n', 'there is no handler nosuch; known are own, atompub, '],
  ['p: [{name: webhook, params: {url: http://a b/}}]\n', 'webhook: url: invalid URL'],
  [
    'p: [{name: atompub, params: {url: http://x/, auth_user: u, auth_key: k}}]\n',
    'atompub: a token needs auth_server, auth_user, and auth_key or auth_key_file',
  ],
  ['p: [own]\n', 'own: suffix: is required'],
  ['p: [{name: webhook, params: {url: ftp://x}}]\n', 'webhook: url: '],
  [
    'p: [{name: exec, params: {command: [x], comand: [y]}}]\n',
    'exec: unknown parameter comand; known are command, ',
  ],
  ['q: [logger]\n', 'there is no pipeline p; known are q'],
])('%j is refused', async (pipelines, sentence) => {
  const { code, stderr } = await pipeline(folderOf(pipelines), '--dry-run')
  expect(code).toBe(1)
  expect(stderr).toContain(sentence)
})

test('check tells parameters that do not fit, with their place', async () => {
  const folder = folderOf('p:\n- logger\n- {name: notabene, params: {exchange: e}}\n')
  const { code, stdout } = await runProgram('stv3', ['check', '-c', join(folder, 'winchester.yaml')])
  expect(code).toBe(1)
  expect(stdout).toContain(`${resolve(folder, 'pipelines.yaml')}:3:3: notabene: queue_name: is required`)
})

test('an event that is none is told with its place', async () => {
  const folder = folderWith({
    'winchester.yaml': `database: {url: 'sqlite::memory:'}\npipeline_config: pipelines.yaml\n`,
    'pipelines.yaml': 'p: [logger]\n',
    'events.jsonl': '{"event_type": "x", "message_id": "a"}\n{"event_type": 5}\n',
  })
  const { code, stderr } = await pipeline(folder, '--dry-run')
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('events.jsonl:2:1: event_type: 5 is not a text'),
  })
})
