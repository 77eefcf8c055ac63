import { StackTachError } from '../../domain/errors.ts'

/** Returns the name below the target folder for a file of a host. */
export type PathTemplate = (host: string, file: Buffer) => Buffer

/**
 * Compiles a template of names: `%host` stands for the host of the collector, `%file` for the name that it sends, `%%` for a
 * percent sign. Throws StackTachError.
 *
 * @example
 * compilePath('%host/%file')('web1', Buffer.from('app.log')) // <web1/app.log>
 */
export function compilePath(template: string): PathTemplate {
  const parts = template.split(/(%host|%file|%%)/)
  const wrong = parts.find((part, index) => index % 2 === 0 && part.includes('%'))
  if (wrong !== undefined || !parts.includes('%file'))
    throw new StackTachError('config', `the path ${template} must hold %file, and may hold %host and %%`)
  return (host, file) =>
    Buffer.concat(
      parts.map((part) => {
        if (part === '%file') return file
        if (part === '%host') return Buffer.from(hostPart(host))
        return Buffer.from(part === '%%' ? '%' : part)
      }),
    )
}

/** Returns a host as the name of a folder. */
function hostPart(host: string): string {
  const name = host.replace(/[^\w.:-]/g, '_')
  return /^\.*$/.test(name) ? '_' : name
}
