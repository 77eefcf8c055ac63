import { messageOf, StackTachError } from '../../domain/errors.ts'
import { FolderWatch } from '../../logs/collector/folder-watch.ts'
import type { OffsetsStore } from '../../logs/collector/offsets-store.ts'
import type { IsWanted } from '../../logs/collector/patterns.ts'
import { isRotated, type SourceFile, sentName } from '../../logs/collector/source-file.ts'
import { SourceFiles } from '../../logs/collector/source-files.ts'
import { textOfPath } from '../../ship/log-sets/path-text.ts'
import { print, printNote } from '../program.ts'

export type CollectionPlan = {
  readonly folder: Buffer
  readonly isRecursive: boolean
  readonly isWanted: IsWanted
  readonly rotateBytes: number
  readonly store: OffsetsStore
  readonly json: boolean
}

/** Prints what a collector would send of each file, in order of their names. Sends and changes nothing. */
export async function planCollection(plan: CollectionPlan): Promise<void> {
  const { folder, isRecursive, isWanted, store } = plan
  await store.load()
  const onFault = (path: Buffer, reason: string) => printNote(`${textOfPath(path)} cannot be read: ${reason}`)
  const files = new SourceFiles({
    ...{ folder, isWanted, onFault, own: new Set(store.paths), now: () => performance.now() },
    remembered: (dev, ino) => store.remembered(dev, ino),
    onGrowth: () => {},
    onLeft: () => {},
    onNewLife: () => {},
  })
  const watch = new FolderWatch({ folder, isRecursive, onFault, onEvent: () => {} })
  try {
    for (const name of watch.list()) files.lookAt(name)
    const found = [...files.all].sort((a, b) => Buffer.compare(a.name, b.name))
    for (const file of found) await print(lineOf(file, plan))
  } catch (error) {
    throw new StackTachError('io', `cannot look at ${textOfPath(folder)}: ${messageOf(error)}`, {
      cause: error,
    })
  } finally {
    watch.close()
    files.close()
  }
}

function lineOf(file: SourceFile, { rotateBytes, json }: CollectionPlan): string {
  const form = {
    file: textOfPath(file.name),
    sent_as: textOfPath(sentName(file.name)),
    size: file.size,
    offset: file.answered,
    to_send: file.end - file.answered,
    rotate: rotateBytes > 0 && file.size >= rotateBytes && !isRotated(file.name) && !file.isLink,
  }
  if (json) return `${JSON.stringify(form)}\n`
  const rotation = form.rotate ? '; then it is rotated' : ''
  return `${form.file}: ${form.to_send} of ${form.size} bytes go to ${form.sent_as}, from ${form.offset}${rotation}\n`
}
