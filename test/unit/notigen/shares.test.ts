import { expect, test } from 'vitest'
import { MICROS_PER_DAY } from '../../../src/domain/time.ts'
import { simulate } from '../../../src/notigen/simulation.ts'
import { at } from '../../support/events.ts'

/**
 * Of 100 notifications of Nova on the recorded day (the results of verifying usage left out); the README shows
 * the same table.
 */
const RECORDED: readonly (readonly [family: string, pattern: RegExp, share: number])[] = [
  ['update', /^compute\.instance\.update$/, 66.5],
  ['scheduler', /^scheduler\./, 7.5],
  ['create', /^compute\.instance\.(instance\.)?create\./, 5.8],
  ['exists', /^compute\.instance\.exists$/, 4.8],
  ['shutdown', /^compute\.instance\.shutdown\./, 4.5],
  ['resize', /^compute\.instance\.(finish_)?resize\./, 2.6],
  ['delete', /^compute\.instance\.delete\./, 1.9],
  ['rescue', /^compute\.instance\.(un)?rescue\./, 1.8],
  ['failed calls', /_instance$/, 1.3],
  ['snapshot', /^compute\.instance\.snapshot\./, 1.1],
  ['power', /^compute\.instance\.power_/, 1.1],
  ['rebuild', /^compute\.instance\.rebuild\./, 0.8],
  ['reboot', /^compute\.instance\.reboot\./, 0.5],
]

test('event types are shared out about as on the recorded day', () => {
  const start = at('2026-11-19T00:00:00')
  const run = { seed: 1, start, end: start + 10 * MICROS_PER_DAY, instances: 150, operationsPerHour: 12 }
  const types = [...simulate(run)]
    .map(({ body }) => JSON.parse(body).event_type as string)
    .filter((type) => /^(compute|scheduler)\.|_instance$/.test(type))
  const shares = RECORDED.map(([family, pattern, recorded]) => {
    const share = (100 * types.filter((type) => pattern.test(type)).length) / types.length
    return { family, recorded, share: Number(share.toFixed(1)) }
  })
  const distance = shares.reduce((sum, { recorded, share }) => sum + Math.abs(recorded - share) / 2, 0)
  expect(distance, JSON.stringify(shares)).toBeLessThan(5)
  for (const { family, recorded, share } of shares) {
    expect(share / recorded, family).toBeGreaterThan(0.5)
    expect(share / recorded, family).toBeLessThan(2)
  }
})
