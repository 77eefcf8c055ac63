import { expect, test } from 'vitest'
import { formatTable } from '../../../../src/cli/terminal/table.ts'

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

test('a table may have more rows than a call has arguments', () => {
  const rows = Array.from({ length: 200_000 }, (_, index) => [String(index)])
  expect(formatTable(['N'], rows).split('\n')).toHaveLength(200_004)
})
