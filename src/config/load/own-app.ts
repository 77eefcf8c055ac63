import { messageOf, StackTachError } from '../../domain/errors.ts'
import { loadClass } from '../../runtime/load-class.ts'
import type { AppSettings } from './app-settings.ts'

type OwnApp = Extract<AppSettings, { readonly kind: 'own' }>

/** Makes an own app of a queue. Throws StackTachError that names its class path. */
export async function makeOwnApp({ classPath, values }: OwnApp): Promise<unknown> {
  const own = (await loadClass(classPath, '', ['handleMessages'])) as new (
    values: OwnApp['values'],
  ) => unknown
  try {
    return new own(values)
  } catch (error) {
    throw new StackTachError('config', `${classPath}: ${messageOf(error)}`, { cause: error })
  }
}
