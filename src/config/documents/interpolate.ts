export type Environment = { readonly [name: string]: string | undefined }

/** Called with the name of a variable that is not set and has no default. */
type OnMissing = (name: string) => void

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

/**
 * Replaces `${NAME}` by the environment's value, and `${NAME:-text}` by `text` when that is unset or empty.
 */
export function interpolate(text: string, environment: Environment, onMissing: OnMissing): string {
  return replaceReferences(text, (name, fallback) => {
    const value = environment[name]
    if (value !== undefined && (value !== '' || fallback === undefined)) return value
    if (fallback === undefined) onMissing(name)
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
