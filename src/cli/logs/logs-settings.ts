import { Option } from 'commander'
import { ConfigError } from '../../domain/errors.ts'
import type { ListenAddress } from '../../runtime/listen-address.ts'
import { parseListenAddress } from '../../runtime/listen-address.ts'
import { readSecret } from '../../runtime/read-secret.ts'

/** Creates an option of the log transport, whose value may come from a variable of the environment too. */
export function logsOption(flags: string, description: string, variable: string): Option {
  return new Option(flags, description).env(`STACKTACH_LOGS_${variable}`)
}

/** Creates an option that may be given several times; in the environment there are spaces between its values. */
export function repeatedOption(flags: string, description: string, variable: string): Option {
  return logsOption(flags, description, variable)
    .argParser((text, before: readonly string[] = []) => [...before, ...text.split(' ').filter(Boolean)])
    .default([], 'none')
}

/**
 * Returns HOST:PORT, where a port has to be given. Throws ConfigError, which is no wrong usage: thunder takes any text and fails
 * when it uses it.
 */
export function requireAddress(text: string, option: string): ListenAddress {
  const address = text.includes(':')
    ? parseListenAddress(text.startsWith(':') ? `0.0.0.0${text}` : text)
    : undefined
  if (!address) throw new ConfigError(`${option} is ${JSON.stringify(text)}; expected HOST:PORT`)
  return address
}

/** Reads a token from a file that only its owner can read; undefined where no file is named. */
export async function tokenOf(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined
  const token = await readSecret(file)
  if (token === '') throw new ConfigError(`${file} is empty; expected a token`)
  return token
}
