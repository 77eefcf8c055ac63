import { ChangeExtensionCallback } from '../../src/archive/callbacks/built-in-callbacks.ts'
import type { Compression } from '../../src/archive/compression.ts'
import { createLineFormat } from '../../src/archive/lines/line-format.ts'
import { openRollingArchive } from '../../src/archive/rolling/rolling-archive.ts'
import { createShoeboxFormat } from '../../src/archive/shoebox/shoebox-format.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { records } from './records.ts'

// A process that appends messages to an archive, each to a file of its own, and says of each when it is kept.

const [folder, form, compression, size = '0'] = process.argv.slice(2)
/** A file that is large is packed by a process of its own. */
const filling = 'x'.repeat(Number(size))
const archive = await openRollingArchive({
  workingDirectory: `${folder}/working`,
  destinationFolder: `${folder}/done`,
  filenameTemplate: 'n_%f_[[CRC]].json',
  rollBytes: 1,
  rollMinutes: 0,
  format: form === 'shoebox' ? createShoeboxFormat() : createLineFormat(),
  compression: compression as Compression,
  hasIndex: true,
  callbacks: [{ name: 'Change', callback: new ChangeExtensionCallback({}) }],
  logger: silentLogger,
})
for (const text of ['a', 'b', 'c']) {
  await archive.append(records(`{"text": "${text}", "filling": "${filling}"}`))
  process.stdout.write(`${text}\n`)
}
await archive.close()
process.stdout.write('closed\n')
