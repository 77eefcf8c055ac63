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

test('another reason that stays is logged once, numbers aside, and is the reason until all is well', () => {
  const lines: string[] = []
  const note = (_: object, text: string) => void lines.push(text)
  const outage = new Outage({ info: note, warn: note }, 'it is back')
  expect(outage.reason).toBeUndefined()
  outage.failed('refused')
  for (let port = 1; port < 9; port++) outage.failed(`no such name, asked by ${port}`)
  expect(outage.reason).toBe('no such name, asked by 8')
  for (let round = 0; round < 9; round++) outage.failed('refused')
  for (let round = 0; round < 9; round++) outage.failed('leases: refused')
  outage.over()
  expect(outage.reason).toBeUndefined()
  expect(lines).toEqual([
    'refused; trying again until it works',
    'no such name, asked by 3; trying again until it works',
    'it is back',
  ])
})

test('reasons without end fill no log, and an outage announced elsewhere gets its recovery', () => {
  const lines: string[] = []
  const note = (_: object, text: string) => void lines.push(text)
  const outage = new Outage({ info: note, warn: note }, 'it is back')
  outage.begin()
  for (const letter of 'abcdefghij') for (let round = 0; round < 3; round++) outage.failed(letter)
  outage.over()
  expect(lines).toHaveLength(6)
  expect(lines.at(-1)).toBe('it is back')
})
