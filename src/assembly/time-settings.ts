import type { Environment } from '../config/documents/interpolate.ts'
import { ConfigError } from '../domain/errors.ts'
import type { Access } from '../http/access.ts'
import { isLoopback, type ListenAddress } from '../runtime/listen-address.ts'

/** The environment variable of the time service's token, for the service and for its clients. */
const VARIABLE = 'STACKTACH_TIME_TOKEN'

/** Returns the bearer token of the time service; undefined when none is set. */
export function timeToken(environment: Environment): string | undefined {
  return environment[VARIABLE]?.trim() || undefined
}

/**
 * Returns who may move and read the clock of the time service. Throws ConfigError when other machines could
 * without a token.
 */
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
