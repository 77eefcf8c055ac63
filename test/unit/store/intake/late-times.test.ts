import { expect, test } from 'vitest'
import { MICROS_PER_MINUTE } from '../../../../src/domain/time.ts'
import { LateTimes } from '../../../../src/store/intake/late-times.ts'

const minutes = (...times: number[]) => times.map((time) => time * MICROS_PER_MINUTE)

test('events long before the others of their batch are late', () => {
  expect(new LateTimes().next(minutes(100, 101, 99, 20, 30))).toEqual(minutes(20, 30))
  expect(new LateTimes().next([])).toEqual([])
})

test('where batches go on through time, only what is before the batch before is late', () => {
  const late = new LateTimes()
  late.next(minutes(0, 50, 100))
  expect(late.next(minutes(100, 150, 200, 210, 30))).toEqual(minutes(30))
  expect(late.next(minutes(220, 300, 400))).toEqual([])
})

test('after a backlog the present is the usual time again', () => {
  const late = new LateTimes()
  late.next(minutes(10, 11, 12))
  expect(late.next(minutes(500, 501, 480))).toEqual([])
  expect(late.next(minutes(502, 503, 480))).toEqual(minutes(480))
})
