import { expect, test } from 'vitest'
import { keptFilesOf, resumeFiles } from '../../../../src/replay/records/kept-files.ts'
import type { ReplayPlace } from '../../../../src/replay/records/replay-place.ts'
import type { SourceFile } from '../../../../src/replay/records/source-files.ts'

const fileOf = (
  file: string,
  firstTime: number,
  begin = [`${file} 1`, `${file} 2`],
  size = 100,
): SourceFile => ({
  file,
  firstTime,
  begin,
  size,
})
const [a, b, c] = [fileOf('/in/a', 1), fileOf('/in/b', 2), fileOf('/in/c', 3)]
const KEPT = keptFilesOf([a, b, c])
/** `a` is read to its end, `b` up to byte 40, `c` not at all. */
const PLACE: ReplayPlace = { opened: 2, unfinished: [{ file: 1, from: 40 }] }

const resume = (found: readonly SourceFile[], others: readonly SourceFile[] = [], kept = KEPT) =>
  resumeFiles(kept, PLACE, found, async () => others)
const namesOf = ({ files }: { files: readonly SourceFile[] }) => files.map(({ file }) => file)

async function resumed(...args: Parameters<typeof resume>) {
  const result = await resume(...args)
  if ('gone' in result) throw new Error(`${result.gone} is gone`)
  return result
}

test('files that are new are taken after those that were opened, by their times', async () => {
  const result = await resumed([fileOf('/in/0', 0), a, b, c, fileOf('/in/d', 9)])
  expect(namesOf(result)).toEqual(['/in/a', '/in/b', '/in/0', '/in/c', '/in/d'])
  expect(result).toMatchObject({ place: PLACE, again: [] })
})

test('files that were packed, renamed or moved elsewhere are found by their first records', async () => {
  const packed = { ...b, file: '/in/b.gz', size: 20 }
  const moved = { ...c, file: '/done/c' }
  const result = await resumed([a, packed], [fileOf('/done/x', 1), moved])
  expect(namesOf(result)).toEqual(['/in/a', '/in/b.gz', '/done/c'])
  expect(result.place).toEqual(PLACE)
})

test('another file under the path of a kept one is not taken for it', async () => {
  const rotated = { ...b, file: '/in/b.1' }
  const result = await resumed([a, rotated, fileOf('/in/b', 8, ['new']), c])
  expect(namesOf(result)).toEqual(['/in/a', '/in/b.1', '/in/c', '/in/b'])
})

test('a file that was being written is found again when it is complete, and read once more', async () => {
  const part = fileOf('/work/x.part', 1, ['x 1', 'x 2 half'])
  const kept = keptFilesOf([part, b, c])
  const whole = fileOf('/done/x.gz', 1, ['x 1', 'x 2', 'x 3'], 30)
  const result = await resumed([b, c, whole], [], kept)
  expect(namesOf(result)).toEqual(['/done/x.gz', '/in/b', '/in/c'])
  expect(result.again).toEqual(['/done/x.gz'])
  expect(result.place.unfinished).toEqual([
    { file: 1, from: 40 },
    { file: 0, from: 0 },
  ])
})

test('a file that was read to its end may be gone; of another one its path is returned', async () => {
  expect(namesOf(await resumed([b, c]))).toEqual(['/in/a', '/in/b', '/in/c'])
  expect(await resume([a, c])).toEqual({ gone: '/in/b' })
  expect(await resume([a, b])).toEqual({ gone: '/in/c' })
})

test('a file that has grown since is read once more; standard input begins anew', async () => {
  expect((await resumed([{ ...a, size: 101 }, b, c])).again).toEqual(['/in/a'])
  const input = fileOf('-', 0, [], 0)
  const kept = keptFilesOf([a, input, c])
  expect((await resumed([a, c, input], [], kept)).place.unfinished).toEqual([{ file: 1, from: 0 }])
})
