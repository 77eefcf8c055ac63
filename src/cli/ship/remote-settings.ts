import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import type { RemoteSettings } from '../../assembly/ship/open-remote-ship.ts'
import { defaultLimits, type ShipConfig } from '../../config/load/load-ship.ts'
import { ConfigError, messageOf } from '../../domain/errors.ts'
import { isLoopback } from '../../runtime/listen-address.ts'
import { readSecret } from '../../runtime/read-secret.ts'
import { UsageError } from '../program.ts'

export type ServerOptions = {
  readonly server?: string
  readonly tokenFile?: string
  readonly ca?: string
  readonly name?: string
  readonly state?: string
  readonly root?: string
  readonly insecure?: true
}

/** Journal where neither a configuration nor --state names one. */
const STATE = '.'

/**
 * Returns how a host reaches the server that the options or the configuration name; undefined where they name none. Rejects with
 * UsageError for half of it, and with ConfigError where the token would pass in clear.
 */
export async function remoteSettings(
  options: ServerOptions,
  config: ShipConfig | undefined,
): Promise<RemoteSettings | undefined> {
  const given = options.server ?? config?.server?.url
  if (given === undefined) return undefined
  const file = options.tokenFile ?? config?.server?.token_file
  if (file === undefined) throw new UsageError('expected --token-file FILE with the token of this host')
  const url = webSocketUrl(given)
  const isClear = url.protocol === 'ws:' && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''))
  if (isClear && !options.insecure && !config?.server?.insecure)
    throw new ConfigError(`the token would pass in clear to ${url.host}: give https:// or --insecure`)
  const ca = options.ca ?? config?.server?.ca
  return {
    url: url.href,
    token: await readSecret(file),
    ca: ca === undefined ? undefined : await readCa(ca),
    host: options.name ?? config?.server?.name ?? hostname(),
    state: resolve(options.state ?? (config ? dirname(config.journal) : STATE)),
    root: options.root ?? config?.root ?? '/',
    limits: config ?? defaultLimits(),
  }
}

function webSocketUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^(?:https?|wss?):$/.test(url.protocol))
    throw new UsageError(`${JSON.stringify(text)} is no address; expected one such as https://ship:9999`)
  return new URL(url.href.replace(/^http/, 'ws'))
}

async function readCa(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new ConfigError(`cannot read ${file}: ${messageOf(error)}`)
  }
}
