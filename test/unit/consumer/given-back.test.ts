import { expect, test } from 'vitest'
import { GivenBack } from '../../../src/consumer/given-back.ts'
import { DELIVERY } from '../../support/delivery.ts'

const delivery = (body: string, redelivered: boolean) => ({
  ...DELIVERY,
  body: Buffer.from(body),
  redelivered,
})

test('what comes again is known by its body until it is acknowledged; what comes for the first time is new', () => {
  const givenBack = new GivenBack()
  givenBack.note([delivery('a', false), delivery('b', false)], 'archived')
  givenBack.note([delivery('b', false)], 'stored')
  const progress = (body: string, again = true) => givenBack.progressOf(delivery(body, again))
  expect([progress('a'), progress('b'), progress('c'), progress('a', false)]).toEqual([
    'archived',
    'stored',
    undefined,
    undefined,
  ])
  givenBack.forget([delivery('b', true), delivery('a', false)])
  expect([progress('a'), progress('b')]).toEqual(['archived', undefined])
})

test('it keeps no more than may be in hand, the newest', () => {
  const givenBack = new GivenBack()
  for (let n = 0; n < 30_000; n++) givenBack.note([delivery(`m${n}`, false)], 'stored')
  expect(givenBack.progressOf(delivery('m0', true))).toBeUndefined()
  expect(givenBack.progressOf(delivery('m29999', true))).toBe('stored')
})
