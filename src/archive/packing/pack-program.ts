import { rmSync } from 'node:fs'
import { setPriority } from 'node:os'
import { messageOf } from '../../domain/errors.ts'
import { packFile } from './pack-file.ts'
import type { PackAnswer } from './packing.ts'

// A process of its own that packs one file: it gets PackFile in a message, and answers in one. Whatever else runs
// on the machine comes first.

const LOWEST_PRIORITY = 19
const OPENED_BY_MS = 200

setPriority(LOWEST_PRIORITY)
// A terminal sends it to all processes; the consumer decides what becomes of this one.
process.on('SIGINT', () => {})
let made: readonly string[] = []
// The consumer is gone: the next one packs the file, under another name.
process.on('disconnect', () => {
  // Later: a file that is being opened at this moment is there by then.
  setTimeout(() => {
    for (const path of made) rmSync(path, { force: true })
    process.exit(1)
  }, OPENED_BY_MS)
})
process.once('message', async (job: Parameters<typeof packFile>[0]) => {
  made = [job.target, job.index ?? job.target]
  const answer: PackAnswer = await packFile(job).then(
    (packed) => ({ packed }),
    (error) => ({ failure: messageOf(error) }),
  )
  process.send?.(answer, () => process.exit(0))
})
