import { ConfigError } from '../domain/errors.ts'
import { readSecret } from './read-secret.ts'

/**
 * Reads tokens, one a line, from the file that the setting `name` has. Rejects with ConfigError where it has none, for nobody would be asked
 * for a token then, and as readSecret does.
 */
export async function readTokenLines(file: string, name: string): Promise<readonly string[]> {
  const lines = (await readSecret(file)).split('\n').map((line) => line.trim())
  const tokens = lines.filter((line) => line !== '')
  if (tokens.length > 0) return tokens
  throw new ConfigError(
    `${name}: ${file} has no token; write one a line into it, or leave ${name} out to ask for none`,
  )
}
