import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ReadRecord } from '../../../../src/archive/format.ts'
import { readRecords } from '../../../../src/archive/reader/read-records.ts'
import { createShoeboxFormat } from '../../../../src/archive/shoebox/shoebox-format.ts'
import { SHOEBOX_VECTORS, vectorFile } from '../../../support/shoebox-vectors.ts'

const { records, archives, json_archives: jsonArchives } = SHOEBOX_VECTORS

async function recordsOf(file: string): Promise<ReadRecord[]> {
  const found: ReadRecord[] = []
  const onDamage = () => expect.unreachable('nothing is damaged')
  for await (const some of readRecords(vectorFile(file), { onDamage })) found.push(...some)
  return found
}

test.each(archives)(
  'the binary archive $file is read as the original wrote it, and written with the same bytes',
  async ({ file, records: numbers, sha256 }) => {
    const found = await recordsOf(file)
    const plain = found.map(({ metadata, payload }) => ({
      metadata: Object.fromEntries(metadata),
      payload: String(payload),
    }))
    expect(plain).toEqual(numbers.map((number) => records[number]))
    const format = createShoeboxFormat()
    const written = Buffer.concat(
      found.flatMap(
        ({ metadata, payload: body }) =>
          format.encode({ body, isJson: true, metadata: () => metadata }) as Buffer[],
      ),
    )
    expect(written.equals(readFileSync(vectorFile(file)))).toBe(true)
    expect(createHash('sha256').update(written).digest('hex')).toBe(sha256)
  },
)

test.each(jsonArchives)(
  'the packed archive of lines $file is read as the original wrote it',
  async ({ file, lines }) => {
    expect((await recordsOf(file)).map(({ payload }) => String(payload))).toEqual(lines)
  },
)
