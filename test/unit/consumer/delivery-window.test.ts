import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeliveryWindow } from '../../../src/consumer/delivery-window.ts'

const MIB = 1 << 20

function windowAfter(sizes: readonly number[], most = 1000, bytes = 16 * MIB): DeliveryWindow {
  const window = new DeliveryWindow({ most, bytes })
  for (const size of sizes) {
    window.add(size)
    window.adjusted()
  }
  return window
}

test('it starts low and grows to the most where messages are small', () => {
  expect(new DeliveryWindow({ most: 1000, bytes: 16 * MIB }).size).toBe(1)
  expect(windowAfter([2700]).size).toBe(1000)
})

test('large messages make it smaller, also when they come after small ones', () => {
  const sizes = [...Array(500).fill(2700), 64 * 1024]
  expect(windowAfter(sizes).size).toBe(256)
  expect(windowAfter([...sizes, 8 * MIB]).size).toBe(2)
  expect(windowAfter([...sizes, 17 * MIB]).size).toBe(1)
})

test('it grows again when messages are small again', () => {
  expect(windowAfter([MIB, ...Array(1000).fill(2700)]).size).toBe(1000)
})

test('it changes by steps, not with every message', () => {
  const window = windowAfter(Array(100).fill(64 * 1024))
  const changes = Array.from({ length: 200 }, (_, index) => {
    window.add(60_000 + (index % 2) * 10_000)
    return window.adjusted()
  })
  expect(changes.filter((change) => change !== undefined)).toEqual([])
})

test('whatever comes, there is room for one, and for no more than the most', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 200 * MIB })),
      fc.integer({ min: 1, max: 5000 }),
      (sizes, most) => {
        const { size } = windowAfter(sizes, most)
        return size >= 1 && size <= most
      },
    ),
  )
})
