import { expect, test } from 'vitest'
import { formatTable } from '../../../src/cli/table.ts'

test('centers cells as the original does', () => {
  expect(formatTable(['Property', 'Value'], [['count', '60']])).toBe(
    [
      '+----------+-------+',
      '| Property | Value |',
      '+----------+-------+',
      '|  count   |   60  |',
      '+----------+-------+',
    ].join('\n'),
  )
})
