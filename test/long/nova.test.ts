import { mkdtempSync, rmSync } from 'node:fs'
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
import { endOfDays, isAudited, liveTwoDays, type Run } from './nova/run.ts'
import {
  auditPeriod,
  cleanedUpDay,
  dayOf,
  fieldsOf,
  formOf,
  serverDays,
  serverOf,
} from './nova/server-days.ts'
import { copyShippedSettings } from './nova/shipped-settings.ts'

/** Longest time for bringing up a cloud and living two days in it, on a slow machine that does other things too. */
const LIMIT_MS = 3_600_000
const DAY_MS = 86_400_000

const FORMS = ['unversioned', 'versioned'] as const
type Form = (typeof FORMS)[number]
const PREFIX: { readonly [form in Form]: string } = {
  unversioned: 'compute.instance.',
  versioned: 'instance.',
}

const folder = mkdtempSync(join(tmpdir(), 'stacktach-nova-'))
let cloud: Cloud | undefined
let capture: Capture | undefined
let product: Product | undefined

let run: Run
/** of servers; there may be some of images too */
let streams: readonly StreamWithEvents[]
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
  const config = copyShippedSettings(folder)
  product = await Product.start({ config, folder, amqpUrl, databaseUrl, clock: cloud.clock.env })
  run = await liveTwoDays({ cloud, capture, product })
  streams = run.streams.filter(({ name }) => name.endsWith('instance_day'))
  told = capture.all.map(({ notification }) => notification)
  events = await product.events()
  deadLetters = (await product.run('dead-letters', 'ls', '--json')).stdout
  ends = await product.stop()
  logs = cloud.logs()
  archived = product.archived()
}, LIMIT_MS)

afterAll(async () => {
  await product?.stop()
  await capture?.stop()
  await cloud?.stop()
  if (process.env.STACKTACH_KEEP_CLOUD === undefined) rmSync(folder, { recursive: true, force: true })
  else process.stderr.write(`the cloud is kept in ${folder}\n`)
}, LIMIT_MS)

describe('nova', () => {
  test('has an exists of each form for every server that its hosts audit, for both days', () => {
    const wrong = run.days.flatMap((day, index) => {
      const begin = (run.midnights[index] ?? 0) - DAY_MS
      return run.fates.flatMap((fate) => {
        const forms = endOfDays(told, fate.id, day).map(formOf).sort()
        const wanted = isAudited(fate, begin) ? FORMS : []
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
    const wanted = told.filter((one) => formOf(one) !== undefined).map(idOf)
    expect(new Set(ids).size).toBe(ids.length)
    expect(wanted.filter((id) => !ids.includes(id))).toEqual([])
    const published = new Set(told.map(idOf))
    const others = incoming.filter(({ message_id: id }) => !published.has(id))
    expect(others.map(({ event_type: type }) => type)).toEqual([])
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
  test('are one a server and day', () => {
    const made = streams.map(keyOf)
    expect([...made].sort()).toEqual([...new Set(made)].sort())
  })

  test('have each exactly the notifications about their server and day', () => {
    // Of these, only what the test of late clean-ups below is about, and builds that failed, which name a server too.
    const apart = new Set(told.filter((one) => isLate(one) || formOf(one) === undefined).map(idOf))
    const idsIn = (stream: StreamWithEvents) => stream.messageIds.filter((id) => !apart.has(id)).sort()
    const made = streams.map((stream) => [keyOf(stream), idsIn(stream)] as const)
    expect(new Map(made.filter(([, ids]) => ids.length > 0))).toEqual(
      serverDays(told.filter((one) => !apart.has(one.message_id))),
    )
  })
})

/** By what is known of the servers, not by the rules: Nova audited them rightly, so a person would find no fault. */
describe('verdicts, as a human would say', () => {
  test('every exists is verified', () => {
    const exists = told.filter((one) => auditPeriod(one) !== undefined)
    expect(new Set(exists.map(formOf))).toEqual(new Set(FORMS))
    const wrong = exists.flatMap((one) => {
      const verdicts = events.filter(({ original_message_id: of }) => of === one.message_id).map(verdictOf)
      return verdicts.join() === 'verified' ? [] : [`${describeExists(one)}: ${verdicts}`]
    })
    expect(wrong).toEqual([])
  })

  test('there is nothing to warn of', () => {
    const warnings = events.filter(({ event_type: type }) =>
      String(type).endsWith('instance.exists.warnings'),
    )
    expect(warnings.map(({ instance_id: id, warnings: text }) => `${nameOf(id)}: ${text}`)).toEqual([])
  })

  test('nobody misses an exists', () => {
    const missed = events.filter(({ error_code: code }) => code === 'U0')
    expect(missed.map(({ instance_id: id }) => nameOf(id))).toEqual([])
  })

  test.each(FORMS)('a server that never ran is told to be unbilled: %s', (form) => {
    const known = serversIn(form)
    const neverRan = run.fates.filter(({ id, launchedAt }) => known.has(id) && launchedAt === undefined)
    expect(neverRan.map(({ name }) => name)).toContain('without a host')
    expect(neverRan.filter(({ id }) => !isUnbilled(id, form)).map(({ name }) => name)).toEqual([])
  })

  test.each(FORMS)(
    'one that has left its host has its last exists at the shelving, or is unbilled: %s',
    (form) => {
      const left = run.fates.filter(({ host, launchedAt }) => host === undefined && launchedAt !== undefined)
      expect(left.map(({ name }) => name)).toEqual(['shelved'])
      const told = left.filter(
        ({ id }) => isUnbilled(id, form) || verifiedTasks(id, form).includes('shelving'),
      )
      expect(told).toEqual(left)
    },
  )

  test('what clean-up tells on the next day belongs to the day of the deletion', () => {
    const wrong = told.filter(isLate).flatMap((one) => {
      const stream = streams.find(({ messageIds }) => messageIds.includes(one.message_id))
      const place = stream && keyOf(stream)
      const right = `${formOf(one)} ${serverOf(one)} ${cleanedUpDay(one)}`
      return place === right ? [] : [`${nameOf(serverOf(one))}: ${place} instead of ${right}`]
    })
    expect(wrong).toEqual([])
  })
})

/** Servers that notifications of a form are about. */
function serversIn(form: Form): Set<string> {
  return new Set(told.filter((one) => formOf(one) === form).map(serverOf))
}

/** Whether it is clean-up that is not told on the day of the deletion. */
function isLate(notification: Notification): boolean {
  const day = cleanedUpDay(notification)
  return day !== undefined && day !== dayOf(notification)
}

function isUnbilled(id: string, form: Form): boolean {
  return events.some(
    ({ event_type: type, instance_id }) => type === `${PREFIX[form]}unbilled` && instance_id === id,
  )
}

/** What was under way with a server at each verified exists. */
function verifiedTasks(id: string, form: Form): string[] {
  const verified = new Set(events.filter((event) => verdictOf(event) === 'verified').map(originOf))
  const exists = told.filter((one) => formOf(one) === form && serverOf(one) === id && verified.has(idOf(one)))
  return exists.map((one) => fieldsOf(one).state_description ?? fieldsOf(one).task_state)
}

function originOf({ original_message_id: id }: ListedEvent): string {
  return String(id)
}

function nameOf(id: unknown): string {
  return run.fates.find((fate) => fate.id === id)?.name ?? String(id)
}

function idOf({ message_id }: Notification): string {
  return message_id
}

function describeExists(notification: Notification): string {
  const { state, state_description, task_state } = fieldsOf(notification)
  return `${nameOf(serverOf(notification))} (${formOf(notification)}, ${state} ${state_description ?? task_state})`
}

function verdictOf({ event_type: type, error_code: code, error }: ListedEvent): string {
  const verdict = String(type).replace(/^.*instance\.exists\./, '')
  return verdict === 'failed' ? `${code} ${error}` : verdict
}

function keyOf({ name, distinguishing_traits: { instance_id: server, timestamp: day } }: StreamWithEvents) {
  const form: Form = name.startsWith('versioned') ? 'versioned' : 'unversioned'
  const begin = (day as { readonly begin: string }).begin
  return `${form} ${server} ${begin.slice(0, 10)}`
}
