import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { statusRelayCommand } from '../../../src/cli/commands/status-relay.ts'
import { relayArgs } from '../../../src/cli/status/relay-args.ts'
import { type RelayOptions, relayParent } from '../../../src/cli/status/relay-options.ts'
import { ManualStatusClock } from '../../support/manual-status-clock.ts'
import {
  moveSlowly,
  postModel,
  type ReceivedPost,
  recordingParent,
  runningStatus,
  settled,
} from '../../support/status-tree.ts'
import {
  modelDifferences,
  type PushVector,
  type StatusVectors,
  type VectorModel,
} from '../../support/status-vectors.ts'
import { loadVectors } from '../../support/vectors.ts'

const { push } = loadVectors<StatusVectors>('status.json')

/** Returns the options of a command line of hermes. */
function optionsOf(args: readonly string[]): RelayOptions {
  const command = statusRelayCommand().action(() => {})
  command.parse([...relayArgs(args).args], { from: 'user' })
  return command.opts<RelayOptions>()
}

/** Does the steps of a vector on a manual clock. Returns what has reached the parent. */
async function run(vector: PushVector, untilS = 0): Promise<readonly ReceivedPost[]> {
  const {
    arguments: args,
    environment = {},
    steps,
    parent_answers: answers,
    requests_to_parent: wanted,
  } = vector
  const clock = new ManualStatusClock()
  let isDown = vector.parent !== undefined
  const { url, received } = await recordingParent(clock, (response, { target }) => {
    if (answers === 'close' || isDown) return void response.destroy()
    const isMeant = answers !== undefined && (answers.to === undefined || answers.to === target)
    response.writeHead(isMeant ? answers.status : 200).end()
  })
  const arrived = () => received.filter(() => true).length
  /** Waits for what was recorded up to now; what comes beyond that is seen at the end. */
  const awaitRecorded = () =>
    settled(() => arrived() >= wanted.filter(({ at }) => at <= clock.now() / 1000 - 0.05).length)
  const withUrl = (text: string) => text.replace('<parent>', url)
  const parent = relayParent(
    optionsOf(args.map(withUrl)),
    Object.fromEntries(Object.entries(environment).map(([name, text]) => [name, withUrl(text)])),
  )
  const { url: own } = await runningStatus({ clock, parent })
  if (vector.parent) isDown = false
  await settled(() => arrived() >= wanted.filter(({ at }) => at < 0.3).length)
  await moveSlowly(clock, 400)
  for (const step of steps) {
    if (step.at !== undefined)
      await moveSlowly(clock, step.at * 1000, async () => {
        await awaitRecorded()
        return true
      })
    if (step.pause !== undefined) await moveSlowly(clock, clock.now() + step.pause * 1000)
    if (step.post) expect(await postModel(own, step.post)).toBe(200)
    if (step.get) await (await fetch(own + step.get)).text()
    if (step.post)
      await settled(() => arrived() >= wanted.filter(({ at }) => at <= clock.now() / 1000 + 0.2).length)
  }
  await moveSlowly(clock, untilS * 1000, async () => {
    await awaitRecorded()
    return true
  })
  await settled(() => arrived() >= wanted.length)
  await delay(30)
  return received
}

const template = (body: string) => body.replace(/"age":[^,}]+/g, '"age":<age>')

test.each(push.filter(({ differs_on_purpose: differs }) => differs === undefined))('$id', async (vector) => {
  const received = await run(vector)
  const wanted = vector.requests_to_parent
  expect(received.map(({ method, target, body }) => ({ method, target, body: template(body) }))).toEqual(
    wanted.map(({ method, target, body }) => ({ method, target, body })),
  )
  for (const [index, one] of received.entries()) {
    const recorded = wanted[index]
    if (!recorded) continue
    expect(one.headers['content-type']).toBe('application/json')
    expect(modelDifferences(JSON.parse(one.body) as VectorModel, recorded.model)).toEqual([])
    expect(Math.abs(one.at - recorded.at)).toBeLessThanOrEqual(0.6)
  }
})

const named = (id: string) => push.find((one) => one.id === id) as PushVector

test('tick-after-get differs: the name is always in front', async () => {
  const received = await run(named('tick-after-get'))
  expect(received.map(({ body }) => template(body)).at(-1)).toBe(
    '{"pottery/a":{"value":"1","age":<age>,"ttl":600}}',
  )
  expect(received).toHaveLength(3)
})

test('late-restart differs: the whole model every 30 s, changed or not', async () => {
  const received = await run(named('late-restart'), 61)
  expect(received).toHaveLength(4)
  expect(received[0]?.body).toBe('{}')
  expect(received.slice(2).map(({ at }) => Math.floor(at))).toEqual([30, 60])
  const bodies = received.slice(1).map(({ body }) => template(body))
  expect(new Set(bodies)).toEqual(new Set(['{"pottery/a":{"value":"1","age":<age>,"ttl":600}}']))
  const ages = received.slice(2).map(({ body }) => JSON.parse(body)['pottery/a'].age)
  expect(ages).toEqual([29.5, 59.5])
})

test('every vector that differs has a test of its own', () => {
  const different = push.filter(({ differs_on_purpose: differs }) => differs !== undefined)
  expect(different.map(({ id }) => id)).toEqual(['tick-after-get', 'late-restart'])
})
