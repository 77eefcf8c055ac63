import { describe, expect, test } from 'vitest'
import { createSampler } from '../../src/dashboard/sampler.ts'
import { SAMPLE_RINGS } from '../../src/domain/sample.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { serveApi } from '../support/api.ts'
import { DATABASES } from '../support/databases.ts'
import { openApiCheck } from '../support/open-api.ts'
import { NOW, StoreFixture } from '../support/store-fixture.ts'
import { until } from '../support/until.ts'

const [HOUR] = SAMPLE_RINGS

describe.each(DATABASES)('samples and processes in $name', ({ open }) => {
  const fixture = new StoreFixture(open)

  test('a ring keeps the newest samples and no more', async () => {
    const { store } = fixture
    const at = (step: number) => NOW + step * HOUR.stepS * 1_000_000
    for (const step of [0, 1, 2, HOUR.length, HOUR.length + 1])
      await store.keepSample(HOUR, { at: at(step), figures: { step, 'taken.q"': 1.5 } })
    const all = await store.listSamples(HOUR, 0)
    expect(all.map(({ figures }) => figures.step)).toEqual([2, HOUR.length, HOUR.length + 1])
    expect(all[0]).toEqual({ at: at(2), figures: { step: 2, 'taken.q"': 1.5 } })
    expect(await store.listSamples(HOUR, at(HOUR.length))).toHaveLength(1)
    expect(await store.listSamples(SAMPLE_RINGS[1], 0)).toEqual([])
  })

  test('a process is known from its first report until it says that it ends', async () => {
    const { store } = fixture
    await store.noteContact({ name: 'w', role: 'worker' })
    await store.noteContact({ name: 'c', role: 'consumer' })
    await store.noteContact({ name: 'w', role: 'worker' })
    const contacts = await store.listContacts()
    expect(contacts.map(({ name, role }) => [name, role])).toEqual([
      ['c', 'consumer'],
      ['w', 'worker'],
    ])
    for (const { startedAt, heardAt, ageMs } of contacts) {
      expect(heardAt).toBeGreaterThanOrEqual(startedAt)
      expect(ageMs).toBeLessThan(600_000)
    }
    await store.forgetContact('w')
    expect(await store.listContacts()).toHaveLength(1)
  })

  test('what the sampler keeps is what the API tells, in columns', async () => {
    const { store } = fixture
    await store.addTallies([
      { kind: 'taken', name: 'q', detail: '', amount: 5, total: 0 },
      { kind: 'dropped', name: 'q', detail: 'a', amount: 1, total: 0 },
      { kind: 'dropped', name: 'q', detail: 'b', amount: 2, total: 0 },
      { kind: 'fired', name: 't', detail: '', amount: 4, total: 0 },
    ])
    const sampler = createSampler({ store, clock: { mode: 'auto', patienceMs: 0 }, logger: silentLogger })
    await sampler.start()
    await until('a sample', async () => (await store.listSamples(SAMPLE_RINGS[1], 0)).length > 0)
    await sampler.stop()
    const url = await serveApi({ store })
    const check = await openApiCheck(url)
    for (const [path, step] of [
      ['/v1/samples', 5],
      ['/v1/samples?step=60', 60],
    ] as const) {
      const response = await fetch(`${url}${path}`)
      const text = await response.text()
      expect(
        check('GET', path, { status: 200, type: response.headers.get('content-type'), text }),
      ).toBeUndefined()
      const { step_s, at, figures } = JSON.parse(text)
      expect([step_s, at.length]).toEqual([step, 1])
      expect(figures).toMatchObject({ 'taken.q': [5], 'dropped.q': [3], 'fired.t': [4] })
      const after = await (await fetch(`${url}/v1/samples?step=${step}&after=${at[0]}`)).json()
      expect(after).toEqual({ step_s: step, at: [], figures: {} })
    }
    expect((await fetch(`${url}/v1/samples?step=7`)).status).toBe(400)
  })
})
