import { dirname, resolve } from 'node:path'
import { ConfigError } from '../../domain/errors.ts'
import type { LogSet } from '../../ship/log-sets/log-set.ts'
import { checkShape } from '../checks/check-shape.ts'
import type { Findings } from '../checks/findings.ts'
import { type ConfigDocument, type DocumentPath, memberOf } from '../documents/yaml-document.ts'
import {
  HERMES_KEYS,
  hermesServerSchema,
  type ShipServerSettings,
  shipServerSchema,
} from '../schemas/ship-server-schema.ts'
import { asWarning, type Checked, loadChecked } from './load-checked.ts'
import { compileLogSets } from './log-set-list.ts'
import { readDocument } from './read-document.ts'

/** The configuration of `stv3 ship-server`. */
export type ShipServerConfig = ShipServerSettings & {
  readonly file: string
  /** those without a fault */
  readonly sets: readonly LogSet[]
  /** HOST:PORT */
  readonly address: string
}

type Environment = { readonly [name: string]: string | undefined }

/** File of the log sets where the configuration names none, as in hermes. */
const LOG_SETS = 'logsets.json'

/**
 * Loads ship-server.yaml, or hermes' config.json. A faulty log set is left out, with a finding. Rejects with ConfigError when the file
 * cannot be read.
 */
export async function loadShipServer(
  file: string,
  environment: Environment,
): Promise<Checked<ShipServerConfig>> {
  const { findings, config } = await loadChecked(file, (document, found) =>
    fromDocument(file, document, environment, found),
  )
  return { findings: findings.map(asWarning), config }
}

async function fromDocument(
  file: string,
  document: ConfigDocument,
  environment: Environment,
  findings: Findings,
): Promise<ShipServerConfig | undefined> {
  const isOriginal = HERMES_KEYS.some((key) => memberOf(document.value, [key]) !== undefined)
  const original = isOriginal
    ? checkShape(document, withEnvironment(document.value, environment), hermesServerSchema, findings)
    : undefined
  const settings = isOriginal ? original : checkShape(document, document.value, shipServerSchema, findings)
  if (!settings) return undefined
  const warn = (path: DocumentPath, message: string) =>
    findings.add({ severity: 'warning', code: 'host', path, message, position: document.positionOf(path) })
  if (Object.keys(settings.hosts).length === 0) warn(['hosts'], 'there are no hosts: no agent can connect')
  const sets = await logSetsOf(file, settings, document, findings, warn)
  checkTargets(settings, sets, document, findings)
  const admin = original && `${bracketed(original.admin_ip)}:${original.port}`
  return { ...settings, file, sets, address: settings.listen ?? admin ?? '127.0.0.1:9999' }
}

/** Fills in what hermes takes from the environment. */
function withEnvironment(value: unknown, environment: Environment): unknown {
  const { MANTA_USER: user, MANTA_URL: url, MANTA_KEY_ID: key_id } = environment
  const given = Object.entries({ user, url, key_id }).filter(([, text]) => text)
  if (given.length === 0) return value
  const { manta } = value as { readonly manta?: object }
  return { ...(value as object), manta: { ...Object.fromEntries(given), ...manta } }
}

async function logSetsOf(
  file: string,
  { log_sets: list }: ShipServerSettings,
  document: ConfigDocument,
  findings: Findings,
  warn: (path: DocumentPath, message: string) => void,
): Promise<LogSet[]> {
  if (Array.isArray(list)) return compileLogSets(document, ['log_sets'], findings)
  const named = resolve(dirname(file), list ?? LOG_SETS)
  try {
    return compileLogSets(await readDocument(named, findings), [], findings)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    if (error.findings.length > 0) findings.addAll(error.findings)
    else if (list === undefined) warn(['log_sets'], `there are no log sets: ${error.message}`)
    else findings.error('missing-file', ['log_sets'], error.message, document.positionOf(['log_sets']))
    return []
  }
}

function checkTargets(
  { targets }: ShipServerSettings,
  sets: readonly LogSet[],
  document: ConfigDocument,
  findings: Findings,
): void {
  const names = Object.keys(targets)
  for (const [name, target] of Object.entries(targets))
    if (target.kind === 'swift' && target.presigned !== false && target.temp_url_key_file === undefined)
      findings.error(
        'target',
        ['targets', name],
        `targets.${name}: to sign requests of hosts it needs temp_url_key_file; presigned: false leaves the key to the hosts`,
        document.positionOf(['targets', name]),
      )
  for (const { name, target, isUploaded } of sets) {
    const isNamed = target === undefined ? names.length === 1 : names.includes(target)
    if (isNamed || !isUploaded) continue
    const found = target === undefined ? 'it names no target' : `its target ${JSON.stringify(target)} is none`
    findings.add({
      severity: 'warning',
      code: 'target',
      path: ['log_sets'],
      message: `log set ${JSON.stringify(name)}: ${found} of targets (${names.join(', ') || 'there are none'})`,
      position: document.positionOf(['log_sets']),
    })
  }
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}
