import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/domain/notification.ts'
import type { VerdictLine } from '../../../src/explain/verify/verdict-line.ts'
import { CAPTURES, type Capture, capture, hasNovaZed, truth } from '../../support/nova-zed.ts'
import { loadVerifier, verdictsOn } from '../../support/verified.ts'

// The recordings are not part of the repository: they lie in ../shared, which a plain clone does not have.
describe.skipIf(!hasNovaZed)('what a real Nova sent', async () => {
  const verifier = await loadVerifier()

  describe.each(CAPTURES)('%s', (name) => {
    const notifications = hasNovaZed ? capture(name) : []
    const verdicts = verdictsOn(notifications, verifier)

    test('each exists gets the verdict of a careful person, and no warning', () => {
      const human = Object.values(truth()).flatMap(({ exists = [] }) =>
        exists.filter(({ file }) => file === name).map((one) => [one.message_id, one.human] as const),
      )
      expect(human.length).toBeGreaterThan(30)
      const told = new Map(verdicts.map((line) => [line.message_id, line]))
      for (const [id, verdict] of human) expect(told.get(id), id).toMatchObject({ verdict, warnings: [] })
    })

    test('nothing else fails, and what never ran is unbilled', () => {
      expect(verdicts.filter(({ verdict }) => verdict === 'failed')).toEqual([])
      const unbilled = new Set(
        verdicts.filter(({ verdict }) => verdict === 'unbilled').map(({ instance_id }) => instance_id),
      )
      // One that was deleted before a host was chosen is told of by the scheduler only.
      const told = neverRan(name).filter((id) =>
        notifications.some((one) => dataOf(one).instance_id === id || dataOf(one).uuid === id),
      )
      expect([...unbilled].sort()).toEqual(told.sort())
    })

    test.each(DRILLS)('$what: found', ({ fits, change, finds }) => {
      let drilled = 0
      for (const { exists, own } of wholeAndImmediate(notifications)) {
        if (!fits(dataOf(exists), own)) continue
        drilled++
        const copy = structuredClone(own)
        const changed = change(copy, copy.find(isSame(exists)) as JsonObject)
        const id = exists.message_id as string
        expect(verdictsOn(changed, verifier).map(shortOf(id)), id).toContain(finds)
      }
      // Hourly exists of servers at rest leave little to drill.
      expect(drilled).toBeGreaterThan(0)
    })
  })

  function neverRan(name: Capture): string[] {
    const dates = { v1: '2026-11-29', v2: '2026-11-30', versioned: '2026-12-01', 'both-hour': '2026-12-02' }
    const key = `no_exists_on_${dates[name]}`
    const marked = Object.entries(truth()).filter(([, one]) => String(one[key]).startsWith('never ran'))
    if (name !== 'versioned') return marked.map(([id]) => id)
    // Those of this capture are not marked: they have no exists and were never told to run.
    return idsThatNeverRan(capture(name))
  }
})

type Drill = {
  readonly what: string
  readonly fits: (exists: JsonObject, own: readonly JsonObject[]) => boolean
  readonly change: (own: JsonObject[], exists: JsonObject) => JsonObject[]
  /** verdict and code, of the exists itself or of `others` */
  readonly finds: string
}

const isDeleted = ({ deleted_at }: JsonObject) => Boolean(deleted_at)

/** Whether something of the audited day, before the exists, tells what its core fields should be. */
function isComparable(exists: JsonObject, own: readonly JsonObject[]): boolean {
  return own.some((one) => {
    const { launched_at, state_description, task_state } = dataOf(one)
    const isAtRest = !state_description && !task_state && !String(one.event_type).endsWith('.start')
    const isBefore = isSameDay(one, exists) && spaced(one.timestamp) < spaced(periodOf(exists).ending)
    return !isExists(one) && Boolean(launched_at) && isAtRest && isBefore
  })
}

function isSameDay({ timestamp }: JsonObject, exists: JsonObject): boolean {
  return spaced(timestamp).slice(0, 10) === spaced(periodOf(exists).beginning).slice(0, 10)
}

function launchedThatDay(exists: JsonObject): boolean {
  return spaced(exists.launched_at) > spaced(periodOf(exists).beginning)
}

function periodOf(exists: JsonObject): { readonly beginning: unknown; readonly ending: unknown } {
  const nested = exists.audit_period as JsonObject | undefined
  const fields = (nested?.['nova_object.data'] as JsonObject | undefined) ?? exists
  return { beginning: fields.audit_period_beginning, ending: fields.audit_period_ending }
}

/** A time such that two of them compare as texts. */
function spaced(time: unknown): string {
  return String(time).replace('T', ' ').slice(0, 19)
}

const DRILLS: readonly Drill[] = [
  changing('another flavor', isComparable, 'U2', (exists) => {
    const flavor = (exists.flavor as JsonObject | undefined)?.['nova_object.data'] as JsonObject | undefined
    Object.assign(flavor ?? exists, flavor ? { flavorid: 'other' } : { instance_flavor_id: 'other' })
  }),
  changing('another tenant', isComparable, 'U2', (exists) => Object.assign(exists, { tenant_id: 'other' })),
  changing('launched an hour earlier', isComparable, 'U2', (exists) => {
    Object.assign(exists, { launched_at: hoursLater(exists.launched_at, -1) })
  }),
  changing(
    'no launched_at',
    () => true,
    'U1',
    (exists) => Object.assign(exists, { launched_at: '' }),
  ),
  changing(
    'deleted_at of one that lives',
    (one) => !isDeleted(one),
    'U3',
    (exists) => Object.assign(exists, { deleted_at: exists.launched_at }),
  ),
  changing('no deleted_at', isDeleted, 'U6', (exists) => Object.assign(exists, { deleted_at: '' })),
  changing('deleted an hour later', isDeleted, 'U2', (exists) => {
    Object.assign(exists, { deleted_at: hoursLater(exists.deleted_at, 1) })
  }),
  {
    what: 'delete.end gone',
    fits: isDeleted,
    change: (own) => own.filter(({ event_type }) => !String(event_type).endsWith('delete.end')),
    finds: 'failed U5',
  },
  {
    what: 'everything but the exists gone',
    fits: (one) => launchedThatDay(one) && !isDeleted(one),
    change: (_, exists) => [exists],
    finds: 'failed U8',
  },
  {
    what: 'no exists at all',
    fits: isComparable,
    change: (own) => own.filter((one) => !isExists(one)),
    finds: 'others U0',
  },
  {
    what: 'the exists sent again',
    fits: () => true,
    change: (own, exists) => [...own, again(exists)],
    finds: 'others verified repeat',
  },
  {
    what: 'the exists sent again with another tenant',
    fits: () => true,
    change: (own, exists) => {
      const copy = again(exists)
      Object.assign(dataOf(copy), { tenant_id: 'other' })
      return [...own, copy]
    },
    finds: 'others U2',
  },
]

function changing(
  what: string,
  fits: Drill['fits'],
  code: string,
  change: (exists: JsonObject) => unknown,
): Drill {
  return {
    what,
    fits,
    change(own, exists) {
      change(dataOf(exists))
      return own
    },
    finds: `failed ${code}`,
  }
}

function shortOf(id: string): (line: VerdictLine) => string {
  return ({ message_id, verdict, error_code, repeats }) => {
    const outcome = [error_code ?? verdict, repeats ? 'repeat' : ''].join(' ').trim()
    return message_id === id
      ? `${verdict} ${error_code ?? ''}`.trim()
      : `others ${outcome}`.replace('U2 repeat', 'U2')
  }
}

function isExists({ event_type }: JsonObject): boolean {
  return String(event_type).endsWith('instance.exists')
}

function isSame({ message_id }: JsonObject): (other: JsonObject) => boolean {
  return (other) => other.message_id === message_id
}

function dataOf({ payload }: JsonObject): JsonObject {
  const object = payload as JsonObject
  return (object['nova_object.data'] as JsonObject | undefined) ?? object
}

function again(exists: JsonObject): JsonObject {
  const timestamp = String(exists.timestamp).replace(/\.\d+$/, '.999999')
  return { ...structuredClone(exists), message_id: `${exists.message_id}-again`, timestamp }
}

function hoursLater(time: unknown, hours: number): string {
  return new Date(Date.parse(`${String(time).replace(/Z$/, '')}Z`) + hours * 3_600_000).toISOString()
}

/** Each exists with all that was told of its instance in the same style. */
function wholeAndImmediate(
  notifications: readonly JsonObject[],
): { readonly exists: JsonObject; readonly own: JsonObject[] }[] {
  const byInstance = new Map<string, JsonObject[]>()
  for (const one of notifications) {
    const style = String(one.event_type).match(/^(compute\.)?instance\./)?.[0]
    if (!style) continue
    const { instance_id, uuid } = dataOf(one)
    const key = `${style} ${instance_id ?? uuid}`
    byInstance.set(key, [...(byInstance.get(key) ?? []), one])
  }
  return [...byInstance.values()].flatMap((own) => own.filter(isExists).map((exists) => ({ exists, own })))
}

function idsThatNeverRan(notifications: readonly JsonObject[]): string[] {
  const launched = new Map<string, boolean>()
  for (const one of notifications) {
    if (!String(one.event_type).startsWith('instance.')) continue
    const { uuid, launched_at } = dataOf(one)
    launched.set(String(uuid), (launched.get(String(uuid)) ?? false) || Boolean(launched_at))
  }
  return [...launched].flatMap(([id, ran]) => (ran ? [] : [id]))
}
