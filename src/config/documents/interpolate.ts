import type { Finding } from '../../domain/errors.ts'

export type Environment = { readonly [name: string]: string | undefined }

/** Called with each fault of a reference: an error for a variable that is not set, else a warning. */
type OnFault = (severity: Finding['severity'], message: string) => void

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

/** The beginning of a reference. What is left of it beside whole references is broken. */
const BEGINNING = /\$\{[A-Za-z_]/

/**
 * Replaces `${NAME}` by the environment's value, and `${NAME:-text}` by `text` when that is unset or empty.
 * What begins as a reference and is none stays as it is; the warning does not repeat it, as it may be a part
 * of a password.
 */
export function interpolate(text: string, environment: Environment, onFault: OnFault): string {
  if (BEGINNING.test(replaceReferences(text, () => ''))) {
    onFault('warning', 'a ${ is taken as it stands: expected ${NAME} or ${NAME:-default}')
  }
  return replaceReferences(text, (name, fallback) => {
    const value = environment[name]
    if (value !== undefined && (value !== '' || fallback === undefined)) return value
    if (fallback === undefined) onFault('error', `the environment variable ${name} is not set`)
    return fallback ?? ''
  })
}

/** Replaces each `${NAME}` and `${NAME:-text}` by what `replace` returns for the name and its default. */
export function replaceReferences(
  text: string,
  replace: (name: string, fallback: string | undefined) => string,
): string {
  // Behind the last brace the search for the end of `${NAME:-` would go through the whole rest each time.
  const end = text.lastIndexOf('}') + 1
  const replaced = text
    .slice(0, end)
    .replace(REFERENCE, (_, name: string, fallback: string | undefined) => replace(name, fallback))
  return replaced + text.slice(end)
}
