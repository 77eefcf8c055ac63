import { expect, test } from 'vitest'
import { MICROS_PER_DAY } from '../../src/domain/time.ts'
import { describe as describeRun } from '../../src/notigen/description.ts'
import type { SimulationOptions } from '../../src/notigen/simulation.ts'
import { at } from '../support/events.ts'
import { type Message, messagesOf } from '../support/outages/play.ts'
import { OUTAGES, type Played, playOn, withOutage } from '../support/outages/scenarios.ts'
import { asExpected, differences } from '../support/outages/stream-facts.ts'
import { inOrder } from '../support/shipped-run.ts'

/** Another run: `STACKTACH_OUTAGE_SEED=7 npx vitest run --project long test/long/outages.test.ts`. */
const SEED = Number(process.env.STACKTACH_OUTAGE_SEED ?? 3)
/** So many systems run at a time. */
const AT_A_TIME = 3
const QUEUES = 2
const PROCESSES = { queues: QUEUES, consumersPerQueue: 1, workers: 2 }

const TROUBLE = {
  ...{ missing: 0.02, late: 0.05, outOfOrder: 0.05, duplicated: 0.1, malformed: 0.02 },
  ...{ contradictory: 0.02, U5: 0.1, U7: 0.1 },
}
/** Five and a half days, of which three have an outage. */
const DAYS = {
  seed: SEED,
  start: at('2026-01-01T00:00:00'),
  end: at('2026-01-06T12:00:00'),
  instances: 16,
  operationsPerHour: 0.4,
  trouble: TROUBLE,
} satisfies SimulationOptions
const OUTAGE = { from: at('2026-01-02T09:30:00'), to: at('2026-01-05T09:30:00') }
/** Two weeks later: what runs while the file of those days is published. */
const LATER = {
  ...DAYS,
  seed: SEED + 1,
  start: at('2026-01-19T20:00:00'),
  end: at('2026-01-20T12:00:00'),
  instances: 8,
} satisfies SimulationOptions
const PUBLISHED_AT = at('2026-01-20T06:00:00')

const ofDays = messagesOf(DAYS, QUEUES)
const ofLater = messagesOf(LATER, QUEUES)
const NONE = 'no outage'
const ONLY_LATER = 'no file'
const RECORDED = 'a recorded file published at full speed into a running system'

/** Publishes the file in the middle of what comes as it is sent. */
async function playRecorded(start: number): Promise<Played> {
  return playOn('recorded', { ...PROCESSES, start }, async (play) => {
    await play.live(ofLater.filter(({ at }) => at <= PUBLISHED_AT))
    await play.during(
      ofLater.filter(({ at }) => at > PUBLISHED_AT),
      play.recorded(ofDays),
    )
  })
}

const live = (name: string, start: number, messages: readonly Message[]) => () =>
  playOn(name, { ...PROCESSES, start }, (play) => play.live(messages))

const RUNS: { readonly [what: string]: () => Promise<Played> } = {
  [NONE]: live('none', DAYS.start, ofDays),
  [ONLY_LATER]: live('later', LATER.start, ofLater),
  [RECORDED]: () => playRecorded(LATER.start),
  ...Object.fromEntries(
    Object.entries(OUTAGES).map(([what, outage], number) => [
      what,
      () =>
        playOn(`outage${number}`, { ...PROCESSES, start: DAYS.start }, (play) =>
          withOutage(play, ofDays, outage(OUTAGE)),
        ),
    ]),
  ),
}

const runs = new Map<string, Promise<Played>>()
const places = Array.from({ length: AT_A_TIME }, () => Promise.resolve())
let asked = 0

/** Plays what a test asks for, once for all tests, and not more than AT_A_TIME at a time. */
function played(what: string): Promise<Played> {
  const known = runs.get(what)
  if (known) return known
  const place = asked++ % AT_A_TIME
  const run = (places[place] as Promise<void>).then(RUNS[what])
  places[place] = run.then(
    ({ facts, archived, seconds }) =>
      void process.stderr.write(
        `${what}: ${facts.length} streams, ${archived.size} messages archived, ${seconds} s\n`,
      ),
    () => {},
  )
  runs.set(what, run)
  return run
}

test.concurrent.each([
  [NONE, DAYS],
  [ONLY_LATER, LATER],
])('days with %s give what the simulator describes', async (what, days) => {
  const { facts } = await played(what)
  const { expected } = describeRun(days)
  expect(inOrder(facts.map(asExpected))).toEqual(inOrder(expected))
  expect(facts.filter(({ state }) => state !== 'completed')).toEqual([])
  expect(new Set(facts.flatMap(({ usage }) => usage)).size).toBeGreaterThan(1)
})

test.concurrent.each(Object.keys(OUTAGES))(
  'with %s for three days the streams are those of days without',
  async (what) => {
    const [none, outage] = await Promise.all([played(NONE), played(what)])
    expect((OUTAGE.to - OUTAGE.from) / MICROS_PER_DAY).toBe(3)
    expect(differences(none.facts, outage.facts)).toEqual([])
    expect(outage.archived).toEqual(none.archived)
  },
)

test.concurrent(`${RECORDED} gives the streams of its days, and of the others`, async () => {
  const [none, later, recorded] = await Promise.all([played(NONE), played(ONLY_LATER), played(RECORDED)])
  expect(differences([...none.facts, ...later.facts], recorded.facts)).toEqual([])
  expect(recorded.archived).toEqual(none.archived.union(later.archived))
})
