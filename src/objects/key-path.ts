import { InvalidError } from '../domain/errors.ts'

/**
 * Returns the key of an object below a prefix, without slashes at its begin. Throws InvalidError for one that is empty or leads
 * out of the prefix.
 */
export function keyBelow(prefix: string, key: string): string {
  const inner = key.replace(/^\/+/, '')
  if (inner === '' || inner.split('/').includes('..') || inner.includes('\0') || !inner.isWellFormed())
    throw new InvalidError(`${JSON.stringify(key)} cannot be the key of an object`)
  const outer = prefix.replace(/^\/+|\/+$/g, '')
  return outer === '' ? inner : `${outer}/${inner}`
}
