import type { Environment } from '../config/documents/interpolate.ts'
import { ConfigError } from '../domain/errors.ts'
import type { Access } from '../http/access.ts'
import { isLoopback, type ListenAddress } from '../runtime/listen-address.ts'

/** The token of the time service, for it and for those that ask it. */
const VARIABLE = 'STACKTACH_TIME_TOKEN'

/** The bearer token by which the time service is asked; undefined: none. */
export function timeToken(environment: Environment): string | undefined {
  return environment[VARIABLE]?.trim() || undefined
}

/** Who may move and read the clock. Throws ConfigError where others than this machine could without a token. */
export function timeAccess({ host }: ListenAddress, isInsecure: boolean, environment: Environment): Access {
  const token = timeToken(environment)
  if (token === undefined && VARIABLE in environment)
    throw new ConfigError(`${VARIABLE} is blank: expected a token, or no such variable`)
  if (token === undefined && !isLoopback(host) && !isInsecure)
    throw new ConfigError(
      `everybody could move the clock on ${host}: set ${VARIABLE} for it and for consumers and workers, or give --insecure`,
    )
  return { read: [], write: token === undefined ? [] : [token], anyHost: isInsecure }
}
