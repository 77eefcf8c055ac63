import type { Archive } from '../archive/archive.ts'
import type { NamedCallback } from '../archive/callbacks/callback.ts'
import { CALLBACKS } from '../archive/callbacks/callback-registry.ts'
import { createLineFormat } from '../archive/lines/line-format.ts'
import { openRollingArchive } from '../archive/rolling/rolling-archive.ts'
import { createShoeboxFormat } from '../archive/shoebox/shoebox-format.ts'
import type { ArchiveSettings } from '../config/load/archive-settings.ts'
import { messageOf, StackTachError } from '../domain/errors.ts'
import type { Logger } from '../runtime/logger.ts'

/** Opens the archive of a configuration, with its callbacks. Rejects with StackTachError when it cannot be used. */
export async function openArchive(settings: ArchiveSettings, logger: Logger): Promise<Archive> {
  const { form, wrap } = settings
  const format = form === 'shoebox' ? createShoeboxFormat(wrap) : createLineFormat(wrap)
  return openRollingArchive({ ...settings, format, callbacks: await callbacksOf(settings), logger })
}

async function callbacksOf({ callbacks, callbackValues }: ArchiveSettings): Promise<NamedCallback[]> {
  const made: NamedCallback[] = []
  for (const classPath of callbacks) {
    const Callback = await CALLBACKS.load(classPath, { named: {}, folder: '' })
    const name = classPath.split(/[.:]/).at(-1) as string
    try {
      made.push({ name, callback: new Callback(callbackValues) })
    } catch (error) {
      throw new StackTachError('config', `${classPath}: ${messageOf(error)}`, { cause: error })
    }
  }
  return made
}
