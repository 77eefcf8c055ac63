import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type ConsumeMessage, connect } from 'amqplib'
import { expect, inject, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { copyConfig } from '../support/copy-config.ts'
import { temporaryFolder } from '../support/folders.ts'
import { runInProcess } from '../support/run-in-process.ts'
import { startProgram } from '../support/servers/start-program.ts'
import { until } from '../support/until.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const HOUR = ['--seed', '3', '--duration', '3h', '--instances', '5']

const generate = (...args: string[]) => runProgram('stv3', ['generate', ...HOUR, ...args])

/** Runs generate in a shell, so that its output goes where the test wants it. */
async function inShell(script: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn('bash', ['-c', `set -o pipefail; ${script}`], {
    env: { ...process.env, GENERATE: `${process.execPath} ${ROOT}/src/cli/stv3.ts generate` },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { code, stdout, stderr }
}

test('a file gets the bytes that standard output gets, told of on standard error, and is never written over', async () => {
  const file = join(temporaryFolder(), 'day.jsonl')
  const printed = await generate()
  expect(printed).toMatchObject({ code: 0, stderr: '' })
  const lines = printed.stdout.trim().split('\n')
  expect(lines.length).toBeGreaterThan(50)
  const written = await generate('--to', 'file', '--output', file)
  expect(written).toMatchObject({ code: 0, stdout: '' })
  expect(written.stderr).toContain(`wrote ${file}: ${lines.length.toLocaleString('en')} notifications in `)
  expect(readFileSync(file, 'utf8')).toBe(printed.stdout)
  expect(statSync(file).mode & 0o077).toBe(0)
  expect(await generate('--to', 'file', '--output', file)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^stv3: .*day\.jsonl already exists and is not overwritten/),
  })
  expect(readFileSync(file, 'utf8')).toBe(printed.stdout)
})

test('start and duration say which time is simulated', async () => {
  const { stdout } = await generate('--start', '2026-03-01T12:00:00', '--duration', '30m')
  const times = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).timestamp)
  expect(times.every((time) => time >= '2026-03-01 12:00' && time < '2026-03-01 12:30')).toBe(true)
})

test.each([
  [['--trouble', '2'], 2, 'expected a share'],
  [['--late', '101%'], 2, 'expected a share'],
  [['--u3', ''], 2, 'expected a share'],
  [['--format', 'v3'], 2, 'Allowed choices are v1, v2, versioned'],
  [['--realtime', '--speed', '2'], 2, 'cannot be used with'],
  [['--missing', '60%', '--late', '0.5'], 1, 'add up to 1.1; expected at most 1'],
  [['--duration', 'long'], 2, 'expected a duration'],
  [['--duration', '1d - 2h'], 2, 'expected a duration'],
  [['--duration', '-1h'], 2, 'expected a duration'],
  [['--start', '2300-01-01'], 1, '--start and --duration lead beyond the year 2255'],
  [['--seed', '4294967296'], 2, 'from 0 to 4294967295'],
  [['--instances', '1000001'], 2, 'from 0 to 1000000'],
  [['--output', 'x', '--to', '-'], 2, '--output goes with --to file'],
  [['--queue', 'q'], 2, '--config and --queue go with --to amqp'],
  [['--describe', '--to', 'amqp'], 2, '--describe writes no notifications'],
  [['--describe', '--output', 'x'], 2, '--describe writes no notifications'],
  [['--json'], 2, '--json goes with --describe'],
  [['--rules', 'stacktach'], 2, '--rules goes with --describe'],
  [['--describe', '--rules', 'mine'], 2, 'Allowed choices are practical, stacktach'],
  [
    ['--describe', '--rules', 'stacktach', '--format', 'versioned'],
    2,
    '--rules stacktach is about old-style notifications',
  ],
  [['--audit', 'month'], 2, 'expected hour, day, or day@N'],
  [['--audit', 'day@24'], 2, 'expected hour, day, or day@N'],
  [['--audit', 'hour@3'], 2, 'expected hour, day, or day@N'],
  [['--audit', 'hour', '--u5', '10%'], 2, '--u5 goes with daily audits, not with --audit hour'],
  [['--audit', 'hour', '--warning', '0.1'], 2, '--warning goes with daily audits'],
  [['--to', 'file'], 2, '--to file needs --output FILE'],
  [['--to', 'amqp'], 2, '--to amqp needs the yagi.conf'],
  [
    ['--to', 'amqp', '-c', join(ROOT, 'config/winchester.yaml')],
    1,
    'is no yagi.conf, which names the queues',
  ],
  [
    ['--to', 'amqp', '-c', join(ROOT, 'config/yagi.conf'), '--queue', 'q'],
    1,
    'has no queue q; it has monitor.info',
  ],
] as const)('%j is refused', async (args, code, message) => {
  const result = await runInProcess('stv3', ['generate', ...HOUR, ...args])
  expect(result.code).toBe(code)
  expect(result.stdout).toBe('')
  expect(result.stderr).toContain(message)
})

test('a description tells people and programs the same', async () => {
  const options = ['--duration', '1d', '--trouble', '20%', '--describe']
  const json = await generate(...options, '--json')
  const [run, ...streams] = json.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(run).toMatchObject({
    kind: 'run',
    seed: 3,
    start: '2026-01-01T00:00:00',
    end: '2026-01-02T00:00:00',
  })
  expect(streams.length).toBe(run.streams.fires + run.streams.expires)
  for (const stream of streams) {
    expect(stream).toEqual({
      kind: 'stream',
      instance_id: expect.any(String),
      day: '2026-01-01',
      events: expect.any(Number),
      ends: expect.stringMatching(/^(fires|expires)$/),
      usage: expect.any(Array),
    })
  }
  const lines = (await generate('--duration', '1d', '--trouble', '20%')).stdout.trim().split('\n')
  expect(lines.length).toBe(run.notifications)
  const page = (await generate(...options)).stdout
  expect(page).toContain(`${run.streams.fires} fire, ${run.streams.expires} expire`)
  for (const { instance_id } of streams) expect(page).toContain(instance_id)
})

test.each([
  [['--audit', 'hour', '--trouble', '5%'], { audit: 'hour', rules: 'practical', ordered: {} }, 'day'],
  [['--audit', 'day@8'], { audit: 'day@8', rules: 'practical' }, 'verified'],
  [['--rules', 'stacktach'], { audit: 'day', rules: 'stacktach' }, 'verified'],
] as const)('%j is described as such', async (args, expected, result) => {
  const json = await generate('--duration', '2d', '--describe', '--json', ...args)
  const run = JSON.parse(json.stdout.slice(0, json.stdout.indexOf('\n')))
  expect(run).toMatchObject(expected)
  expect(run.usage[result]).toBeGreaterThan(0)
  const page = (await generate('--duration', '2d', '--describe', ...args)).stdout
  expect(page).toMatch(new RegExp(`^audits +${expected.audit}$`, 'm'))
  expect(page).toMatch(new RegExp(`^usage \\(${expected.rules}\\) .*${result} \\d`, 'm'))
})

test('a reader that goes away ends it silently, as it ends every command', async () => {
  const { code, stdout, stderr } = await inShell('$GENERATE --duration 30d | head -1')
  expect(JSON.parse(stdout)).toHaveProperty('event_type')
  expect(stderr).toBe('')
  expect(code).toBe(0)
})

test('a full disk ends it with one sentence', async () => {
  const { code, stderr } = await inShell('$GENERATE > /dev/full')
  expect(stderr).toMatch(/^stv3: cannot write to standard output: ENOSPC[^\n]*; the output is incomplete\n$/)
  expect(code).toBe(1)
})

test('a file that can grow no more keeps its whole lines', async () => {
  const file = join(temporaryFolder(), 'day.jsonl')
  const script = `ulimit -f 3000; $GENERATE --duration 10d --to file --output ${file}`
  const { code, stderr } = await inShell(script)
  const written = readFileSync(file, 'utf8')
  const lines = written.split('\n').slice(0, -1)
  expect(written.endsWith('\n')).toBe(true)
  expect(lines.length).toBeGreaterThan(100)
  for (const line of lines) JSON.parse(line)
  expect(stderr).toMatch(/^stv3: cannot write .*day\.jsonl: EFBIG[^\n]*\n$/)
  expect(stderr).toContain(`; it holds the first ${lines.length} notifications\n`)
  expect(code).toBe(1)
})

test.each(['SIGINT', 'SIGTERM'])(
  '%s ends a run into a file, which then holds whole lines',
  async (signal) => {
    const file = join(temporaryFolder(), 'days.jsonl')
    const program = startProgram(['generate', '--duration', '9000d', '--output', file])
    await until('something to be written', () => existsSync(file) && statSync(file).size > 0)
    const { code, stderr } = await program.stop(signal as NodeJS.Signals)
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    expect(code).toBe(1)
    expect(stderr).toContain(`: it holds the first ${lines.length} notifications\n`)
    expect(stderr).toMatch(/^stv3: stopped at /)
    for (const line of lines) JSON.parse(line)
  },
)

test('a signal is heard while standard output is a file', async () => {
  const file = join(temporaryFolder(), 'redirected.jsonl')
  const whenBegun = `until [ -s ${file} ]; do sleep 0.02; done`
  const script = `$GENERATE --duration 9000d > ${file} & ${whenBegun}; kill -INT $!; wait $!`
  const { code, stderr } = await inShell(script)
  expect(code).toBe(1)
  expect(stderr).toMatch(/^stv3: stopped at /)
})

test('in real time it starts now and waits for each', async () => {
  const before = new Date().toISOString().replace('T', ' ')
  const program = startProgram(['generate', '--realtime', '--operations-per-hour', '36000'])
  await until('some notifications', () => program.stdout.split('\n').length > 20)
  const { code, stdout, stderr } = await program.stop()
  const times = stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).timestamp)
  const after = new Date().toISOString().replace('T', ' ')
  expect(code).toBe(1)
  expect(stderr).toMatch(/^stv3: stopped at \S+ of the simulation; the output is incomplete\n$/)
  for (const time of times) expect(time <= after).toBe(true)
  expect(times[0] >= before.slice(0, -1)).toBe(true)
})

test('into RabbitMQ goes what goes to standard output, in the same order', async () => {
  const config = copyConfig(temporaryFolder(), [[/monitor\.info/g, 'e2e.generate']])
  const args = ['generate', ...HOUR, '--late', '10%', '--format', 'v2']
  const target = ['--to', 'amqp', '-c', config, '--queue', 'e2e.generate']
  const model = await connect(inject('amqpUrl'))
  const channel = await model.createChannel()
  try {
    const published = await runProgram('stv3', [...args, ...target], {
      STACKTACH_AMQP_URL: inject('amqpUrl'),
    })
    expect(published.code).toBe(0)
    const lines = (await runProgram('stv3', args)).stdout.trim().split('\n')
    expect(published.stderr).toContain(
      `published to e2e.generate: ${lines.length.toLocaleString('en')} notifications`,
    )
    const messages: ConsumeMessage[] = []
    await channel.consume('e2e.generate', (message) => message && messages.push(message), { noAck: true })
    await until('all to be delivered', () => messages.length >= lines.length)
    for (const { properties } of messages) {
      expect(properties).toMatchObject({ deliveryMode: 2, contentType: 'application/json' })
    }
    const bodies = messages.map(({ content }) => String(content))
    expect(bodies).toEqual(lines)
  } finally {
    await channel.deleteQueue('e2e.generate')
    await model.close()
  }
})
