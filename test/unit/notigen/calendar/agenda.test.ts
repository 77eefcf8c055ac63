import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Agenda } from '../../../../src/notigen/calendar/agenda.ts'

test('the agenda gives what was added in order of time, then of adding', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 })), (times) => {
      const agenda = new Agenda<number>()
      for (const [index, time] of times.entries()) agenda.add(time, index)
      const taken: [number, number][] = []
      for (let next = agenda.next(); next; next = agenda.next()) taken.push([next.at, next.item])
      expect(taken).toEqual(
        times
          .map((time, index): [number, number] => [time, index])
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]),
      )
    }),
  )
})

test('nothing later than asked for is taken', () => {
  const agenda = new Agenda<string>()
  agenda.add(2, 'b')
  agenda.add(1, 'a')
  expect(agenda.takeUntil(0)).toBeUndefined()
  expect(agenda.takeUntil(1)).toMatchObject({ at: 1, item: 'a' })
  expect(agenda.takeUntil(1)).toBeUndefined()
  expect(agenda.takeUntil(2)).toMatchObject({ at: 2, item: 'b' })
})
