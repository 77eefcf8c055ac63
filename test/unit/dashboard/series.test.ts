import { resolve } from 'node:path'
import { expect, test } from 'vitest'

type Columns = { readonly at: readonly number[]; readonly figures: { readonly [name: string]: unknown } }
type Series = Columns & { read(): Promise<void> }
type Asked = { readonly step: number; readonly after: number | undefined }

const { createSeries } = (await import(
  resolve(import.meta.dirname, '../../../src/dashboard/page/series.js')
)) as {
  createSeries: (
    ring: { readonly step: number; readonly spanS: number },
    read: (asked: Asked) => Promise<Columns>,
  ) => Series
}

/** Returns a series of a deployment that has a sample for each time, of `a` always and of `b` from 15 on. */
function seriesOf(times: readonly number[]): { readonly series: Series; readonly asked: Asked[] } {
  const asked: Asked[] = []
  const series = createSeries({ step: 5, spanS: 20 }, async (params) => {
    asked.push(params)
    const at = times.filter((one) => one > (params.after ?? 0))
    const b = at.map((one) => (one < 15 ? null : one * 2))
    return { at, figures: b.some((one) => one !== null) ? { a: at, b } : { a: at } }
  })
  return { series, asked }
}

test('samples that are read twice at the same time are there once', async () => {
  const { series, asked } = seriesOf([5, 10])
  await Promise.all([series.read(), series.read()])
  await series.read()
  expect([series.at, series.figures]).toEqual([[5, 10], { a: [5, 10] }])
  expect(asked).toEqual([
    { step: 5, after: undefined },
    { step: 5, after: 10 },
  ])
})

test('new samples go behind those that are there, names that come later too, and old ones are dropped', async () => {
  const times = [5, 10]
  const { series } = seriesOf(times)
  await series.read()
  times.push(15)
  await series.read()
  expect([series.at, series.figures]).toEqual([[5, 10, 15], { a: [5, 10, 15], b: [null, null, 30] }])
  times.push(30)
  await series.read()
  expect([series.at, series.figures]).toEqual([[10, 15, 30], { a: [10, 15, 30], b: [null, 30, 60] }])
})
