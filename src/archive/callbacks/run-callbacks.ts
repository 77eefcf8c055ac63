import { messageOf } from '../../domain/errors.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { NamedCallback } from './callback.ts'

/** Where a file is after all callbacks, null when it is gone, and whether all of them succeeded. */
export type CallbackResult = { readonly path: string | null; readonly areDone: boolean }

/** Tells callbacks of a new file. The failure of one is logged and stops no other. */
export async function callOnOpen(
  callbacks: readonly NamedCallback[],
  path: string,
  logger: Pick<Logger, 'warn'>,
): Promise<void> {
  for (const { name, callback } of callbacks) {
    try {
      await callback.onOpen?.(path)
    } catch (error) {
      logger.warn(
        { file: path, callback: name },
        `callback ${name} failed for the new file ${path}: ${messageOf(error)}`,
      )
    }
  }
}

/**
 * Gives a complete file to callbacks in turn, each with the path that the one before returned, until it is gone. The
 * failure of one is logged and stops no other.
 */
export async function callOnClose(
  callbacks: readonly NamedCallback[],
  file: string,
  logger: Pick<Logger, 'warn'>,
): Promise<CallbackResult> {
  let path: string | null = file
  let areDone = true
  for (const { name, callback } of callbacks) {
    if (path === null) break
    try {
      const moved: unknown = await callback.onClose(path)
      if (moved === null) path = null
      else if (typeof moved === 'string') path = moved
      else if (moved !== undefined) throw new Error('onClose must return a path, null or nothing')
    } catch (error) {
      areDone = false
      logger.warn({ file: path, callback: name }, `callback ${name} failed for ${path}: ${messageOf(error)}`)
    }
  }
  return { path, areDone }
}
