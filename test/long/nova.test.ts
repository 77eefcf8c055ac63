import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Capture, type Notification } from '../../sandbox/cloud/capture.ts'
import { Cloud } from '../../sandbox/cloud/cloud.ts'
import { DEFAULT_SETTINGS } from '../../sandbox/cloud/cloud-settings.ts'
import type { ProgramResult } from '../../sandbox/servers/child-program.ts'
import type { ListedEvent } from '../../src/client/client.ts'
import { createTestDatabase } from '../support/databases.ts'
import { errorsOf } from './nova/logs.ts'
import { Product, type StreamWithEvents } from './nova/product.ts'
import { endOfDays, type Fate, isAudited, liveTwoDays, type Run } from './nova/run.ts'
import { formOf, serverDays, serverOf } from './nova/server-days.ts'
import { writeYagiConf } from './nova/yagi-conf.ts'

/** Longest time for bringing up a cloud and living two days in it, on a slow machine that does other things too. */
const LIMIT_MS = 3_600_000
const DAY_MS = 86_400_000

const folder = mkdtempSync(join(tmpdir(), 'stacktach-nova-'))
let cloud: Cloud | undefined
let capture: Capture | undefined
let product: Product | undefined

let run: Run
let told: readonly Notification[]
let events: readonly ListedEvent[]
let deadLetters: string
let ends: readonly ProgramResult[]
let logs: ReadonlyMap<string, string>
let archived: readonly string[]

beforeAll(async () => {
  cloud = await Cloud.prepare(folder, DEFAULT_SETTINGS)
  const { amqpUrl } = cloud.at
  capture = await Capture.start(amqpUrl, process.env.STACKTACH_CAPTURE)
  const databaseUrl = await createTestDatabase()
  const config = writeYagiConf(folder)
  product = await Product.start({ config, folder, amqpUrl, databaseUrl, clock: cloud.clock.env })
  run = await liveTwoDays({ cloud, capture, product })
  told = capture.all.map(({ notification }) => notification)
  events = await product.events()
  deadLetters = (await product.run('dead-letters', 'ls', '--json')).stdout
  ends = await product.stop()
  logs = cloud.logs()
  archived = archivedBodies(product.archive)
}, LIMIT_MS)

afterAll(async () => {
  await product?.stop()
  await capture?.stop()
  await cloud?.stop()
  if (process.env.STACKTACH_KEEP_CLOUD === undefined) rmSync(folder, { recursive: true, force: true })
}, LIMIT_MS)

describe('nova', () => {
  test('has an exists of each form for every server that its hosts audit, for both days', () => {
    const wrong = run.days.flatMap((day, index) => {
      const begin = (run.midnights[index] ?? 0) - DAY_MS
      return run.fates.flatMap((fate) => {
        const forms = endOfDays(told, fate.id, day).map(formOf).sort()
        const wanted = isAudited(fate, begin) ? ['unversioned', 'versioned'] : []
        return JSON.stringify(forms) === JSON.stringify(wanted) ? [] : [`${fate.name}, ${day}: ${forms}`]
      })
    })
    expect(wrong).toEqual([])
  })

  test('published nothing into the void', () => {
    const lost = capture?.all.filter(({ queues }) => queues.length === 0)
    expect(lost?.map(({ exchange, routingKey }) => `${exchange} ${routingKey}`)).toEqual([])
  })

  test('has no error because of the consumer, and none at all of messaging but while the broker was away', () => {
    expect(errorsOf(logs, run.quiet)).toEqual([])
  })
})

describe('the consumer', () => {
  test('stored each notification about servers once, and none else', () => {
    const incoming = events.filter(({ event_type: type }) => !/\.exists\.|\.unbilled$/.test(String(type)))
    const ids = incoming.map(({ message_id: id }) => id)
    const wanted = told.filter((one) => formOf(one) !== undefined).map(({ message_id: id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(wanted.filter((id) => !ids.includes(id))).toEqual([])
    const published = new Set(told.map(({ message_id: id }) => id))
    expect(ids.filter((id) => !published.has(id))).toEqual([])
  })

  test('archived every notification', () => {
    const ids = new Set(archived)
    expect(told.filter(({ message_id: id }) => !ids.has(id)).map(({ event_type: type }) => type)).toEqual([])
  })

  test('made no dead letters', () => {
    expect(deadLetters).toBe('')
  })

  test('ended in good order, as did worker and API', () => {
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0])
  })
})

describe('streams', () => {
  test('are one a server and day, each with exactly the notifications of it', () => {
    const made = run.streams.map(keyOf)
    expect([...made].sort()).toEqual([...new Set(made)].sort())
    expect(new Map(run.streams.map((stream) => [keyOf(stream), [...stream.messageIds].sort()]))).toEqual(
      serverDays(told),
    )
  })
})

/** By what is known of the servers, not by the rules: Nova audited them rightly, so a person would find no fault. */
describe('verdicts, as a human would say', () => {
  test('every exists is verified', () => {
    const exists = told.filter(({ event_type: type }) => type === 'compute.instance.exists')
    expect(exists.length).toBeGreaterThan(0)
    const wrong = exists.flatMap((one) => {
      const verdicts = events.filter(({ original_message_id: of }) => of === one.message_id).map(verdictOf)
      const { state, state_description: task } = one.payload
      return verdicts.join() === 'verified'
        ? []
        : [`${nameOf(serverOf(one))} (${state} ${task}): ${verdicts}`]
    })
    expect(wrong).toEqual([])
  })

  test('there is nothing to warn of', () => {
    const warnings = events.filter(({ event_type: type }) => type === 'compute.instance.exists.warnings')
    expect(warnings.map(({ instance_id: id, warnings: text }) => `${nameOf(String(id))}: ${text}`)).toEqual(
      [],
    )
  })

  test('nobody misses an exists', () => {
    const missed = events.filter(({ error_code: code }) => code === 'U0')
    expect(missed.map(({ instance_id: id }) => nameOf(String(id)))).toEqual([])
  })

  test('servers that never ran, or have left their host, are told to be unbilled', () => {
    const unbilled = events.filter(({ event_type: type }) => type === 'compute.instance.unbilled')
    const ids = unbilled.map(({ instance_id: id }) => id)
    const known = new Set(told.filter((one) => formOf(one) === 'unversioned').map(serverOf))
    const wanted = run.fates.filter((fate) => known.has(fate.id) && isUnbilled(fate))
    expect(wanted.map(({ name }) => name)).toEqual(expect.arrayContaining(['without a host', 'shelved']))
    expect(wanted.filter(({ id }) => !ids.includes(id)).map(({ name }) => name)).toEqual([])
  })
})

function isUnbilled({ launchedAt, host }: Fate): boolean {
  return launchedAt === undefined || host === undefined
}

function nameOf(id: string): string {
  return run.fates.find((fate) => fate.id === id)?.name ?? id
}

function verdictOf({ event_type: type, error_code: code, error }: ListedEvent): string {
  const verdict = String(type).replace('compute.instance.exists.', '')
  return verdict === 'failed' ? `${code} ${error}` : verdict
}

function keyOf({ name, distinguishing_traits: { instance_id: server, timestamp: day } }: StreamWithEvents) {
  const form = name.startsWith('versioned') ? 'versioned' : 'unversioned'
  const begin = (day as { readonly begin: string }).begin
  return `${form} ${server} ${begin.slice(0, 10)}`
}

function archivedBodies(archive: string): string[] {
  const files = readdirSync(archive, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  const lines = files.flatMap(({ parentPath, name }) =>
    readFileSync(join(parentPath, name), 'utf8').split('\n'),
  )
  return lines.filter(Boolean).map((line) => {
    const body = JSON.parse(line)
    return ('oslo.message' in body ? JSON.parse(body['oslo.message']) : body).message_id
  })
}
