/**
 * Returns the path of a target without `//`, `.` and `..`, as Go's server redirects to it; undefined where it has none.
 *
 * @example
 * cleanTarget('//a/../b?x=1') // '/b?x=1'
 */
export function cleanTarget(target: string): string | undefined {
  const [path = '', ...query] = target.split('?')
  if (!path.startsWith('/')) return undefined
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  const joined = `/${parts.join('/')}`
  const clean = path.endsWith('/') && joined !== '/' ? `${joined}/` : joined
  return clean === path ? undefined : [clean, ...query].join('?')
}
