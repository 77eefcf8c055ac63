import { ConfigError } from '../../domain/errors.ts'
import { readSecret } from '../../runtime/read-secret.ts'
import type { StatusTokens } from '../../status/create-status.ts'

const FORMS = 'read TOKEN, write TOKEN or child NAME TOKEN'

/**
 * Reads the tokens of a relay from a file that only its owner can read: lines such as `read TOKEN`, `write TOKEN` and
 * `child NAME TOKEN`, empty ones, and comments behind `#`. Rejects with ConfigError for any other line.
 */
export async function readTokens(file: string): Promise<StatusTokens> {
  const [read, write]: [string[], string[]] = [[], []]
  const children: { [name: string]: string } = {}
  for (const [index, line] of (await readSecret(file)).split('\n').entries()) {
    const [kind, first, second, ...others] = line
      .replace(/(?:^|\s)#.*/, '')
      .trim()
      .split(/\s+/)
    if (kind === '') continue
    if (kind === 'read' && first && !second) read.push(first)
    else if (kind === 'write' && first && !second) write.push(first)
    else if (kind === 'child' && first && second && others.length === 0) children[first] = second
    // The line may hold a token: it is not shown.
    else throw new ConfigError(`${file}:${index + 1}: expected ${FORMS}`)
  }
  return { read, write, children }
}
