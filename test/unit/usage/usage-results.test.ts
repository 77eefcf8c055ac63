import { expect, test } from 'vitest'
import type { Traits } from '../../../src/domain/trait.ts'
import { usageResults } from '../../../src/usage/usage-results.ts'

/** Returns the traits of the warning about an exists with these traits. */
function warningAbout(traits: Traits): Traits | undefined {
  const exists = { messageId: 'e', eventType: 'compute.instance.exists', timestamp: 0, traits }
  const verdict = { exists, fault: undefined, warnings: ['odd'], notes: [], repeats: undefined, checks: [] }
  const [warning] = usageResults(
    { exists: [verdict], remainders: [], periods: undefined },
    { streamId: 7, now: 0 },
  )
  return warning?.traits
}

test('a warning has the id of what it is about, and n/a where there is none', () => {
  const id = { type: 'text', value: 'i' } as const
  expect(warningAbout({ instance_id: id })).toMatchObject({ instance_id: id, warnings: { value: 'odd' } })
  expect(warningAbout({ volume_id: id })).not.toHaveProperty('instance_id')
  expect(warningAbout({})).toMatchObject({ instance_id: { type: 'text', value: 'n/a' } })
})
