/**
 * Returns the name of a place in a store for messages and journals.
 *
 * @example
 * targetName('s3', 'logs', '/cold') // 's3:logs/cold'
 */
export function targetName(kind: string, place: string, prefix = ''): string {
  return `${kind}:${place}${prefix === '' ? '' : `/${prefix.replace(/^\/+/, '')}`}`
}
