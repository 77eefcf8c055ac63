import { createInterface } from 'node:readline'
import { openRollingArchive } from '../../src/archive/rolling/rolling-archive.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { records } from './records.ts'

// A process that appends each line of its standard input to an archive, and confirms each on standard
// output.
const [folder] = process.argv.slice(2)
const archive = await openRollingArchive({
  workingDirectory: `${folder}/working`,
  destinationFolder: `${folder}/done`,
  filenameTemplate: 'n_%f.json',
  rollBytes: 1_000_000,
  rollMinutes: 60,
  logger: silentLogger,
})
console.log(`open as process ${process.pid}`)
for await (const line of createInterface({ input: process.stdin })) {
  await archive.append(records(line))
  console.log(`kept ${line}`)
}
await archive.close()
console.log('closed')
