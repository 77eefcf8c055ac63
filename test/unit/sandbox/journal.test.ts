import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hashOf, Journal, readConfirmed, readJournal } from '../../../sandbox/supervisor/journal.ts'
import { temporaryFolder } from '../../support/folders.ts'

const bodies = Array.from({ length: 5 }, (_, n) => Buffer.from(`message ${n}`))
const hashes = bodies.map((body) => hashOf(body))

test('there is nothing before the first run', () => {
  const folder = temporaryFolder()
  expect(readJournal(folder)).toEqual({ hashes: [], confirmed: 0 })
  expect(readConfirmed(folder)).toBe(0)
})

test('messages count as confirmed up to the first that is not', () => {
  const folder = temporaryFolder()
  const journal = Journal.open(folder)
  const numbers = bodies.map((body) => journal.note(body))
  expect(numbers).toEqual([0, 1, 2, 3, 4])
  for (const number of [1, 0, 3]) journal.confirm(number)
  expect(journal.confirmed).toBe(2)
  expect(readConfirmed(folder)).toBe(2)
  expect(readJournal(folder)).toEqual({ hashes, confirmed: 2 })
  journal.close()
})

test('a run that was killed goes on after what was confirmed', () => {
  const folder = temporaryFolder()
  const killed = Journal.open(folder)
  for (const body of bodies) killed.note(body)
  for (const number of [0, 1, 2, 4]) killed.confirm(number)
  killed.close()
  appendFileSync(join(folder, 'sent'), 'cut o')

  const journal = Journal.open(folder)
  expect(journal.confirmed).toBe(3)
  expect(journal.note(bodies[3] as Buffer)).toBe(3)
  journal.confirm(3)
  journal.close()
  expect(readJournal(folder)).toEqual({ hashes: hashes.slice(0, 4), confirmed: 4 })
})
