import { open } from 'node:fs/promises'
import { fileKindOf } from './file-kind.ts'
import { readRecords } from './read-records.ts'

const LINE_FEED = 10
const BLOCK_BYTES = 65_536

/** Returns the length of a file that is not packed up to the end of its last whole record. */
export async function wholeBytes(path: string): Promise<number> {
  const kind = await fileKindOf(path)
  if (kind.form === 'lines') return wholeLines(path)
  let end = 0
  for await (const records of readRecords(path, { kind })) {
    const last = records.at(-1)
    if (last) end = last.at + last.length
  }
  return end
}

/** Finds the last line end, from the end of the file. */
async function wholeLines(path: string): Promise<number> {
  const handle = await open(path)
  try {
    const block = Buffer.alloc(BLOCK_BYTES)
    for (let end = (await handle.stat()).size; end > 0; ) {
      const start = Math.max(0, end - block.length)
      const { bytesRead } = await handle.read(block, 0, end - start, start)
      const at = block.subarray(0, bytesRead).lastIndexOf(LINE_FEED)
      if (at >= 0) return start + at + 1
      end = start
    }
    return 0
  } finally {
    await handle.close()
  }
}
