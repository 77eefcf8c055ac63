import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Rabbitmq } from '../../sandbox/servers/rabbitmq.ts'
import { temporaryFolder } from '../support/folders.ts'
import { Cloud, type CloudOptions } from '../support/oslo/cloud.ts'
import { startWatcher, type Variant, type Watcher } from '../support/oslo/watcher.ts'
import { until } from '../support/until.ts'

/** For machines on which all of this takes long. */
const PATIENCE_MS = 240_000

type Case = {
  readonly vhost: string
  readonly first: 'we' | 'they'
  readonly variant: Variant
  readonly options: CloudOptions
}

const KINDS = {
  plain: {},
  old: { driver: 'messaging' },
  durable: { durable: true },
  quorum: { quorum: true },
} satisfies { [name: string]: CloudOptions }

/** Each with a virtual host of its own on one broker. */
const CASES: readonly Case[] = (['we', 'they'] as const).flatMap((first) => [
  ...Object.entries(KINDS).map(([kind, options]) => ({
    vhost: `${first}-first-${kind}`,
    first,
    variant: 'theirs' as const,
    options,
  })),
  { vhost: `${first}-first-own`, first, variant: 'own' as const, options: KINDS.plain },
  { vhost: `${first}-first-own-quorum`, first, variant: 'own quorum' as const, options: KINDS.quorum },
])

/** What oslo.messaging says when a declaration of ours is in its way. */
const REFUSED = /PRECONDITION|inequivalent|Could not send|\b40[346]\b|ACCESS_REFUSED|RESOURCE_LOCKED/

/** Notifications of both levels, and calls; answers what did not succeed. */
async function use(
  cloud: Cloud,
  phase: string,
  call = (number: string) => cloud.call(number),
): Promise<string[]> {
  const answers = await Promise.all([
    ...range(8).map((n) => cloud.notify('info', `${phase}-${n}`)),
    ...range(2).map((n) => cloud.notify('error', `${phase}-error-${n}`)),
    ...range(3).map((n) => call(`${phase}-call-${n}`)),
  ])
  return answers.filter((answer) => !answer.startsWith('done '))
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

function sentIn(phase: string): string[] {
  return [...range(8).map((n) => `${phase}-${n}`), ...range(2).map((n) => `${phase}-error-${n}`)]
}

async function untilStored(watcher: Watcher, phase: string, { vhost }: Case): Promise<void> {
  await until(
    `${vhost}: all of ${phase}`,
    async () => {
      const stored = await watcher.instances()
      return sentIn(phase).every((number) => stored.has(number))
    },
    PATIENCE_MS,
  )
}

/** A queue of our own gets what comes from when its exchange is bound. */
async function untilBound(cloud: Cloud, watcher: Watcher, phase: string, { variant, vhost }: Case) {
  if (variant === 'theirs') return
  let count = 0
  await until(
    `${vhost}: the exchange is bound`,
    async () => {
      await cloud.notify('info', `${phase}-probe-${count++}`)
      return [...(await watcher.instances())].some((number) => number.startsWith(`${phase}-probe`))
    },
    PATIENCE_MS,
  )
}

async function start(one: Case, url: string): Promise<{ cloud: Cloud; watcher: Watcher }> {
  const { first, variant, options } = one
  if (first === 'they') {
    const cloud = await Cloud.start(url, options)
    const failed = await use(cloud, 'before')
    expect(failed).toEqual([])
    const watcher = await startWatcher(url, variant)
    if (variant === 'theirs') await untilStored(watcher, 'before', one)
    return { cloud, watcher }
  }
  const watcher = await startWatcher(url, variant)
  await until(`${one.vhost}: it to wait`, () => watcher.said.some((line) => /does not exist yet/.test(line)))
  if (variant === 'theirs') {
    await until(`${one.vhost}: it to wait for all`, () => watcher.awaited().length === 4)
    // Waiting for others is no failure of ours.
    expect(watcher.unread()).toEqual([])
  }
  return { cloud: await Cloud.start(url, options), watcher }
}

async function startRabbitmq(): Promise<Rabbitmq> {
  const folder = temporaryFolder()
  const rabbitmq = await Rabbitmq.start(folder)
  onTestFinished(() => rabbitmq.stop())
  const all = { user: 'guest', configure: '.*', write: '.*', read: '.*' }
  const definitions = {
    vhosts: CASES.map(({ vhost }) => ({ name: vhost })),
    permissions: CASES.map(({ vhost }) => ({ ...all, vhost })),
  }
  const file = join(folder, 'definitions.json')
  writeFileSync(file, JSON.stringify(definitions))
  await rabbitmq.control('import_definitions', file)
  return rabbitmq
}

test('whoever starts first, and after a restart of the broker, nothing of oslo.messaging fails because of us', async () => {
  const rabbitmq = await startRabbitmq()
  const running = await Promise.all(
    CASES.map(async (one) => ({ one, ...(await start(one, `${rabbitmq.url}/${one.vhost}`)) })),
  )
  const each = (work: (both: (typeof running)[number]) => Promise<void>) => Promise.all(running.map(work))

  await each(async ({ one, cloud, watcher }) => {
    await untilBound(cloud, watcher, 'first', one)
    expect(await use(cloud, 'first'), one.vhost).toEqual([])
    await untilStored(watcher, 'first', one)
    expect(cloud.log, one.vhost).not.toMatch(REFUSED)
  })

  // Notifications that are sent while the broker is away are sent again when it is back; calls are not.
  await rabbitmq.pause()
  const sending = running.map(({ cloud }) => use(cloud, 'away', (number) => cloud.insist(number)))
  await rabbitmq.resume()
  const unsent = await Promise.all(sending)

  await each(async ({ one, cloud, watcher }) => {
    if (one.variant === 'theirs') await untilStored(watcher, 'away', one)
    await untilBound(cloud, watcher, 'again', one)
    expect(await use(cloud, 'again'), one.vhost).toEqual([])
    await untilStored(watcher, 'again', one)
    expect(watcher.awaited(), one.vhost).toEqual([])
    expect(cloud.log, one.vhost).not.toMatch(REFUSED)
    expect(
      watcher.said.filter((line) => /other arguments/.test(line)),
      one.vhost,
    ).toEqual([])
  })
  expect(unsent).toEqual(CASES.map(() => []))
}, 900_000)
