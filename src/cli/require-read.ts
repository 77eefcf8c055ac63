import { StackTachError } from '../domain/errors.ts'

/** Throws StackTachError when no notification, or whatever `what` names, could be read from files. */
export function requireRead(count: number, files: readonly string[], what = 'notification'): void {
  if (count === 0) throw new StackTachError('config', `${files.join(', ')}: no ${what} could be read`)
}
