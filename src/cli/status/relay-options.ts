import { InvalidArgumentError } from 'commander'
import type { ListenAddress } from '../../runtime/listen-address.ts'
import { parseListenAddress } from '../../runtime/listen-address.ts'
import { type Parent, parentOf, type ScrapedChild } from '../../status/create-status.ts'

/** The environment variable of the token that is sent to the parent and to children. */
export const TOKEN_VARIABLE = 'STACKTACH_STATUS_TOKEN'

type Environment = { readonly [name: string]: string | undefined }

export type RelayOptions = {
  readonly parenturl?: string
  readonly ourname?: string
  readonly parentfromenv: boolean
  readonly pushtoparent: boolean
  readonly children?: readonly ScrapedChild[]
}

/** Parses a switch as Go does. */
export function parseSwitch(text: string): boolean {
  if (/^(?:1|t|true)$/i.test(text)) return true
  if (/^(?:0|f|false)$/i.test(text)) return false
  throw new InvalidArgumentError('expected true or false.')
}

/** Host of an address that names none: all addresses where others may be served, else this machine. */
export const NO_HOST = ''

/** Parses HOST:PORT, or :PORT. */
export function parseServerAddress(text: string): ListenAddress {
  const address = parseListenAddress(text.startsWith(':') ? `localhost${text}` : text)
  if (address && text.startsWith(':')) return { ...address, host: NO_HOST }
  if (address && text.includes(':')) return address
  throw new InvalidArgumentError('expected HOST:PORT, such as 127.0.0.1:9091.')
}

/** Parses NAME=URL, with commas between several; the URL may hold `=` too. */
export function parseChildren(text: string): readonly ScrapedChild[] {
  return text.split(',').map((part) => {
    const equals = part.indexOf('=')
    const [name, url] = [part.slice(0, equals), part.slice(equals + 1)]
    if (equals >= 0 && /^https?:/i.test(url) && URL.canParse(url)) return { name, url }
    throw new InvalidArgumentError(
      `expected NAME=URL, with commas between several, found ${JSON.stringify(part)}.`,
    )
  })
}

/**
 * Returns the parent of a relay: that of the environment where it is asked for and there, else that of the options;
 * undefined where half of it is missing.
 */
export function relayParent(options: RelayOptions, environment: Environment): Parent | undefined {
  const { parenturl: url, ourname: name, parentfromenv, pushtoparent: eachChange } = options
  const fromEnvironment = parentfromenv ? parentOf(environment) : undefined
  const given = fromEnvironment ?? (url && name ? { url, name } : undefined)
  return given && { ...given, token: environment[TOKEN_VARIABLE], eachChange }
}
