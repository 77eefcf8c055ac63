import { expect, test } from 'vitest'
import { Outage } from '../../../src/runtime/outage.ts'

test('what is away is told once, and once that it is back', () => {
  const lines: string[] = []
  const note = (_: object, text: string) => void lines.push(text)
  const outage = new Outage({ info: note, warn: note }, 'it is back')
  outage.over()
  expect(lines).toEqual([])
  for (const what of ['gone', 'gone', 'still gone']) outage.failed(what)
  outage.over()
  outage.over()
  outage.failed('gone again')
  expect(lines).toEqual([
    'gone; trying again until it works',
    'it is back',
    'gone again; trying again until it works',
  ])
})
