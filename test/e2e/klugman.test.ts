import { beforeAll, describe, expect, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { createApiApp } from '../../src/api/api-app.ts'
import { formatTable } from '../../src/cli/terminal/table.ts'
import { importDatabase } from '../../src/dump/import-database.ts'
import { createHttpService } from '../../src/http/http-service.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { openRestore } from '../../src/store/copy/restore.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { DATABASES } from '../support/databases.ts'
import { at, event, routerOf } from '../support/events.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { completing, hasShell, SHELLS } from '../support/shell-completion.ts'
import { until } from '../support/until.ts'
import { loadVectors, vectorFile } from '../support/vectors.ts'

type Case = { args: string[]; rc: number; stdout: string }

let url: string
let guarded: string
let store: Store

beforeAll(async () => {
  const database = await (DATABASES[0] as (typeof DATABASES)[0]).open()
  await importDatabase(
    vectorFile('api.json'),
    await openRestore(database, []),
    new AbortController().signal,
    () => {},
  )
  store = await createSqlStore(database, { writer: 'test' })
  const serve = async (write: string[]) => {
    const app = createApiApp({ store, logger: silentLogger, access: { read: [], write } })
    const service = createHttpService(app, { host: '127.0.0.1', port: 0 })
    await service.start()
    return { url: `http://127.0.0.1:${service.address().port}`, stop: () => service.stop() }
  }
  const [open, closed] = [await serve([]), await serve(['t0ken'])]
  url = open.url
  guarded = closed.url
  return async () => {
    await open.stop()
    await closed.stop()
    await store.close()
  }
})

const klugman = (args: string[], env: { [name: string]: string } = {}) =>
  runProgram('klugman', args, { KLUGMAN_URL: '', ...env })

/** The order of the D.Trait rows was that of Python 2's dicts. */
function sorted(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}

/** Draws the boxes of an output again with their time ranges as this project prints them. */
function withOwnRanges(recorded: string): string {
  if (!recorded.includes('TimeRange')) return recorded
  return recorded.replace(
    /^\+-.*\n(\|.*\n)\+-.*\n((?:\|.*\n)+)\+-.*$/gm,
    (box, head: string, rows: string) => {
      const cellsOf = (line: string) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => ownRange(cell.trim()))
      const lines = rows.trimEnd().split('\n')
      return box.includes('TimeRange') ? formatTable(cellsOf(head.trimEnd()), lines.map(cellsOf)) : box
    },
  )
}

function ownRange(cell: string): string {
  const iso = (parts: string) => {
    const [year, ...others] = parts.split(', ')
    const [month, day, hour, minute, second = '0'] = others.map((part) => part.padStart(2, '0'))
    return `${year}-${month}-${day} ${hour}:${minute}:${second.padStart(2, '0')}`
  }
  const [, begin, end] =
    /^TimeRange from datetime\.datetime\((.*?)\) to datetime\.datetime\((.*?)\)$/.exec(cell) ?? []
  return begin === undefined || end === undefined ? cell : `${iso(begin)} to ${iso(end)}`
}

/** As the README of the vectors says: what we answer otherwise. */
const CHANGED: { readonly [args: string]: (output: { stdout: string; stderr: string }) => void } = {
  'streams --traits pool_id:pool-00,region:east': ({ stdout }) =>
    expect(stdout.match(/\|\s+pool_id\s+\|\s+pool-00\s+\|/g)?.length).toBe(
      stdout.match(/\|\s+region\s+\|\s+east\s+\|/g)?.length,
    ),
  'streams --from 2022-01-16T16:47:38.900000': ({ stdout }) =>
    expect(stdout.match(/ id +\|/g)).toHaveLength(60),
  'streams --from 2022-01-18T23:34:03.400003 --count': ({ stdout }) =>
    expect(stdout).toMatch(/\| +count +\| +\d+ +\|/),
}

describe('answers what the original answered', () => {
  const { cases } = loadVectors<{ cases: Case[] }>('klugman.json')

  test.each(cases.map((one) => [one.args.slice(1).join(' '), one] as const))(
    '%s',
    async (_, { args, rc, stdout }) => {
      const output = await klugman(args.map((arg) => arg.replace('{URL}', url)))
      const isMissing = args.includes('99999')
      expect(output.code).toBe(isMissing ? 1 : rc)
      if (output.code !== 0) {
        expect(output.stderr).toMatch(/^klugman: .+\n$/)
        return
      }
      const changed = CHANGED[args.slice(1).join(' ')]
      if (changed) return changed(output)
      const recorded = stdout.replace(/^\[\{u'count'.*\n/m, '').replaceAll('{URL}', url)
      expect(sorted(output.stdout)).toEqual(sorted(withOwnRanges(recorded)))
    },
  )
})

test('lists fold no text where there is no terminal, as JSON, as CSV, and all pages', async () => {
  const json = await klugman([url, 'events', '--all', '--json'])
  const events = json.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(new Set(events.map(({ message_id }) => message_id)).size).toBe(300)
  const csv = await klugman([url, 'streams', '--all', '--csv', '--state', 'completed'])
  const [head, ...rows] = csv.stdout.trim().split('\n')
  expect(head).toMatch(
    /^id,state,name,first_event,last_event,fire_timestamp,expire_timestamp,event_count,attempts,last_error,trait\./,
  )
  expect(rows).toHaveLength(8)
  expect(rows.every((row) => row.split(',')[1] === 'completed')).toBe(true)
  expect((await klugman([url, 'streams', '--count', '--csv'])).stdout).toBe('count\n60\n')
  expect((await klugman([url, 'events', '--count', '--json'])).stdout).toBe('{"count":300}\n')
  const details = await klugman([url, 'streams', '--limit', '2', '--details', '--json'])
  for (const line of details.stdout.trim().split('\n'))
    expect(JSON.parse(line).events.length).toBeGreaterThan(0)
})

test('filters take globs, comparisons, negation and literals; times are local ones with --local', async () => {
  const ids = async (...args: string[]) => {
    const { code, stdout, stderr } = await klugman([
      url,
      ...args,
      '--all',
      '-f',
      'value',
      '-c',
      args[0] === 'events' ? 'message_id' : 'id',
    ])
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    return stdout.split('\n').filter(Boolean)
  }
  const all = await ids('streams')
  const pool = await ids('streams', '--traits', 'pool_id:pool-00')
  expect(pool.length).toBeGreaterThan(0)
  expect(await ids('streams', '--traits', 'pool_id: pool-0* ; pool_id:!pool-01')).toEqual(
    expect.arrayContaining(pool),
  )
  expect(await ids('streams', '--traits', 'pool_id:=pool-0*')).toEqual([])
  const completed = await ids('streams', '--state', 'completed')
  expect((await ids('streams', '--state', '!Completed')).length).toBe(all.length - completed.length)
  expect(await ids('streams', '--name', 'aud*')).toEqual(await ids('streams', '--name', 'audit'))
  const small = await ids('streams', '--traits', 'size:<=1')
  expect(await ids('streams', '--traits', 'size:>1')).not.toEqual(expect.arrayContaining(small))
  const refused = await klugman([url, 'streams', '--traits', 'size:>big'])
  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^klugman: --traits: .*a number or a time after/),
  })
  const zoned = (from: string, ...more: string[]) =>
    klugman([url, 'events', '--from', from, '--count', '-f', 'value', ...more], { TZ: 'Asia/Kolkata' })
  expect((await zoned('2022-01-18T05:30:00', '--local')).stdout).toBe(
    (await zoned('2022-01-18T00:00:00')).stdout,
  )
  const columns = ['--limit', '1', '--local', '-f', 'value', '-c', 'first_event']
  expect((await klugman([url, 'streams', ...columns], { TZ: 'Asia/Kolkata' })).stdout).toMatch(
    /^\S+\+05:30\n$/,
  )
})

test('resets and deletes streams, the second only with --yes where nobody can be asked', async () => {
  const [broken] = await store.listStreams({ state: 'error' }, { limit: 1, mark: undefined, ascending: true })
  const id = String(broken?.id)
  expect(await klugman([url, 'streams', '--id', id, '--reset'])).toMatchObject({
    code: 0,
    stderr: `stream ${id} will be run again\n`,
  })
  expect(await klugman([url, 'streams', '--id', id, '--reset'])).toMatchObject({ code: 1 })
  const asked = await klugman([url, 'streams', '--id', id, '--delete'])
  expect(asked).toMatchObject({
    code: 2,
    stderr: 'klugman: cannot ask without a terminal: --delete needs --yes\n',
  })
  expect(await klugman([url, 'streams', '--id', id, '--delete', '--yes'])).toMatchObject({ code: 0 })
  expect(await klugman([url, 'streams', '--id', id])).toMatchObject({ code: 1 })
  expect(await klugman([url, 'streams', '--reset'])).toMatchObject({
    code: 2,
    stderr: 'klugman: --reset needs the --id of a stream, or --all for all that match\n',
  })
})

test('the URL and the token come from the environment', async () => {
  const refused = await klugman(['events', '--count'], { KLUGMAN_URL: guarded, KLUGMAN_TOKEN: '' })
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/expected a valid token.*KLUGMAN_TOKEN/),
  })
  const debug = await klugman(['--debug', 'events', '--count'], {
    KLUGMAN_URL: guarded,
    KLUGMAN_TOKEN: 't0ken',
  })
  expect(debug).toMatchObject({ code: 0, stdout: expect.stringContaining('300') })
  expect(debug.stdout + debug.stderr).not.toContain('t0ken')
})

test('--watch prints what is new until it is stopped', async () => {
  const watching = startProgram(['events', '--watch', '--json', '--url', url], 'klugman')
  const router = routerOf({ match_criteria: [{ event_type: 'none' }] })
  let number = 0
  // What it waits for began when it looked first.
  await until('something new is printed', async () => {
    const one = event({ messageId: `new-${number++}`, timestamp: at('2026-01-01T00:00:00') })
    await store.storeBatch(
      { arrivals: [{ event: one, at: one.timestamp, keys: [] }], deadLetters: [] },
      router,
    )
    return watching.stdout.includes('"new-')
  })
  const { code, stdout } = await watching.stop('SIGINT')
  expect(code).toBe(0)
  expect(
    stdout
      .trim()
      .split('\n')
      .every((line) => JSON.parse(line).message_id.startsWith('new-')),
  ).toBe(true)
})

test('a table folds to the width of a terminal, and only there has colours', () => {
  const rows = [['name', 'x'.repeat(30)]]
  const folded = formatTable(['Property', 'Value'], rows, { width: 35 }).split('\n')
  expect(folded.every((line) => line.length <= 35)).toBe(true)
  expect(folded.join('').match(/x/g)).toHaveLength(30)
  expect(formatTable(['A'], [['error']], { colour: (text) => `<${text}>` })).toContain('<error>')
})

test('what does not go together, and what is empty, is wrong usage', async () => {
  for (const args of [
    ['streams', '--all', '--limit', '3'],
    ['streams', '--id', '2', '--count'],
    ['events', '--json', '--csv'],
    ['events', '--watch', '--csv'],
    ['streams', '--id', ''],
    ['events', '--msg_id', ''],
    ['events', '--limit', 'many'],
  ]) {
    const { code, stderr, stdout } = await klugman([url, ...args])
    expect([args, code, stdout]).toEqual([args, 2, ''])
    expect(stderr).not.toContain('TypeError')
  }
})

test('a URL is the first word, not the value of an option; its password goes into a header', async () => {
  const env = { KLUGMAN_URL: url.replace('http://', 'http://me:s3cr3t@') }
  expect(await klugman(['events', '--msg_id', 'http://x/1'], env)).toMatchObject({
    code: 1,
    stderr: 'klugman: there is no event http://x/1\n',
  })
  const debug = await klugman(['--debug', 'events', '--count', '--json'], env)
  expect(debug.stdout).toMatch(/^{"count":\d+}\n$/)
  expect(debug.stderr).toContain(`URL: ${url}/v1/events/count`)
  expect(debug.stderr).not.toContain('s3cr3t')
})

test('--watch prints streams that change their state, and waits for a server that is away', async () => {
  let looks = 0
  const serve = (port: number) =>
    createHttpService(createApiApp({ store, logger: silentLogger, onRequest: () => looks++ }), {
      host: '127.0.0.1',
      port,
    })
  const first = serve(0)
  await first.start()
  const { port } = first.address()
  const watching = startProgram(
    ['streams', '--state', 'retry_fire', '--watch', '--json', '--url', `http://127.0.0.1:${port}`],
    'klugman',
  )
  await until('it has looked', () => looks > 0)
  const [broken] = await store.listStreams({ state: 'error' }, { limit: 1, mark: undefined, ascending: true })
  await store.resetStreams('error', broken?.id)
  await until('the change is printed', () => watching.stdout.includes(`"id":${broken?.id},`))
  await first.stop()
  await until('it is told', () => watching.stderr.includes('does not answer'))
  const second = serve(port)
  await second.start()
  await until('that it is back', () => watching.stderr.includes('the server answers again'))
  expect(await watching.stop('SIGINT')).toMatchObject({ code: 0 })
  await second.stop()
})

test('explains a stream, as text and as JSON, and asks for its number', async () => {
  const [one] = await store.listStreams({}, { limit: 1, mark: undefined, ascending: true })
  const id = String(one?.id)
  const text = await klugman([url, 'streams', '--id', id, '--explain'])
  expect(text).toMatchObject({ code: 0, stdout: expect.stringMatching(`^stream ${id} of ${one?.name}: `) })
  const json = await klugman([url, 'streams', '--id', id, '--explain', '--json'])
  expect(JSON.parse(json.stdout)).toMatchObject({ id: one?.id, state: one?.state, why: expect.any(Array) })
  expect(await klugman([url, 'streams', '--explain'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--explain needs the --id of a stream'),
  })
  expect(await klugman([url, 'streams', '--id', '99999', '--explain'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there is no stream 99999'),
  })
})

test('tells what happened to a resource, as text, JSON and CSV', async () => {
  const events = await store.listEvents({}, { limit: 100, mark: undefined, ascending: false })
  const texts = events.flatMap(({ traits, messageId, eventType }) =>
    Object.entries(traits).flatMap(([name, trait]) =>
      trait.type === 'text' && /^[\w-]+$/.test(trait.value) ? [{ name, trait, messageId, eventType }] : [],
    ),
  )
  const [newest] = texts
  const what = `${newest?.name}:${newest?.trait.value}`
  const text = await klugman([url, 'timeline', what])
  expect(text).toMatchObject({ code: 0, stdout: expect.stringContaining(`: `) })
  expect(text.stdout).toContain(newest?.eventType)
  const json = (await klugman([url, 'timeline', what, '--json', '--no-fold'])).stdout.trim().split('\n')
  expect(json.map((line) => JSON.parse(line).message_id)).toContain(newest?.messageId)
  const csv = (await klugman([url, 'timeline', what, '--csv', '--no-fold'])).stdout.split('\n')
  expect(csv[0]).toBe('at,kind,what,id,failure,changes,user_id,request_id')
  expect(csv.some((line) => line.includes(String(newest?.messageId)))).toBe(true)
  expect(await klugman([url, 'timeline', 'nobody-has-this'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no event has "nobody-has-this"'),
  })
  expect(await klugman([url, 'timeline'])).toMatchObject({ code: 2 })
})

test('lists, shows and deletes dead letters', async () => {
  const body = Buffer.from('{"nonsense": 1}')
  const letters = [{ stage: 'validate', reason: 'no event_type', queue: 'q', body }]
  await store.storeBatch({ arrivals: [], deadLetters: letters }, routerOf())
  const listed = await klugman([url, 'dead-letters', '--reason', 'event_type'])
  expect(listed.stdout).toMatch(/^ID .*REASON\n\d+ .* validate +q +15 +no event_type\n$/)
  const [id = ''] = /^\d+/m.exec(listed.stdout) ?? []
  const shown = await klugman([url, 'dead-letters', '--id', id])
  expect(shown.stdout).toContain('reason  no event_type\n\n{"nonsense": 1}\n')
  expect(await klugman([url, 'dead-letters', '--id', id, '--delete'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--delete needs --yes'),
  })
  expect(await klugman([url, 'dead-letters', '--id', id, '--delete', '--yes'])).toMatchObject({ code: 0 })
  expect(await klugman([url, 'dead-letters', '--id', id])).toMatchObject({ code: 1 })
})

test('what a terminal would act on is shown as it is written', () => {
  const table = formatTable(['Property', 'Value'], [['x', 'a\u001b[2J\nb\u009bc']])
  expect(table).toContain('a\\u001b[2J\\nb\\u009bc')
  expect(table.split('\n')).toHaveLength(5)
})

test.for(SHELLS)('%s completes commands, options and states', async (shell, { skip }) => {
  skip(!hasShell(shell), `${shell} is not installed`)
  const { stdout, code } = await klugman(['completion', shell])
  expect(code).toBe(0)
  const complete = completing(shell, stdout, 'klugman')
  expect(complete('klugman', 'st')).toEqual(['status', 'streams'])
  expect(complete('klugman', 'streams', '--de')).toEqual(['--debug', '--delete', '--details'])
  expect(complete('klugman', 'streams', '--state', 'expi')).toEqual(['expire_error', 'expiring'])
  expect(complete('klugman', 'completion', 'z')).toEqual(['zsh'])
})

test('there is a script for three shells only', async () => {
  expect(await klugman(['completion', 'tcsh'])).toMatchObject({ code: 2 })
})
