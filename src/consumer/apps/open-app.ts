import { messageOf, StackTachError } from '../../domain/errors.ts'
import type { ConsumerApp } from './app.ts'
import { APPS } from './app-registry.ts'
import type { AppServices, AppValues } from './built-in-app.ts'

/** An app as a configuration names it. The path of a module is absolute. */
export type ConfiguredApp = { readonly classPath: string; readonly values: AppValues }

/**
 * Makes an app of a queue. Returns undefined for an app that the consumer itself carries out. Rejects with
 * StackTachError, which names the class path, when an own app cannot be made.
 */
export async function openApp(
  { classPath, values }: ConfiguredApp,
  services: AppServices,
): Promise<ConsumerApp | undefined> {
  const builtIn = APPS.builtIn(classPath)
  if (builtIn) return builtIn.open?.(values, services)
  const Own = await APPS.loadOwn(classPath, '')
  try {
    return new Own(values as { readonly [key: string]: string })
  } catch (error) {
    throw new StackTachError('config', `${classPath}: ${messageOf(error)}`, { cause: error })
  }
}
