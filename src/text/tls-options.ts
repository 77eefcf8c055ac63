import { type AddressFault, booleanOf } from './address-parts.ts'

/** How a connection is encrypted and the server verified. Paths of files are as the address names them. */
export type TlsOptions = {
  /**
   * nobody: any certificate is accepted; authority: a trusted authority must have signed it; name: and for
   * this host
   */
  readonly verifies: 'nobody' | 'authority' | 'name'
  /** path of the authorities' certificates; undefined: those that Node trusts */
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly cipher: string | undefined
}

const MODES = ['disabled', 'required', 'verify_ca', 'verify_identity']
const VALUES = ['ssl_ca', 'ssl_cert', 'ssl_key', 'ssl_cipher']
const CHECKS = ['ssl_verify_cert', 'ssl_verify_identity', 'ssl_check_hostname']
const SWITCHES = ['ssl_disabled', 'ssl']

/** Names of all TLS options of an address, as MySQL's own programs, SQLAlchemy and PyMySQL write them. */
export const TLS_OPTIONS = ['ssl_mode', ...VALUES, ...CHECKS, ...SWITCHES]

type Values = ReadonlyMap<string, string>

/**
 * Reads the TLS options of an address; undefined when TLS is not wanted. With any TLS option and none about
 * verification, the server's certificate and its name are both verified.
 */
export function readTlsOptions(options: Values): TlsOptions | AddressFault | undefined {
  const fault = valueFault(options) ?? contradiction(options)
  if (fault !== undefined) return { fault }
  const mode = options.get('ssl_mode')?.toLowerCase()
  if (mode === 'disabled' || isOn(options, 'ssl_disabled') || isOff(options, 'ssl')) return undefined
  if (!TLS_OPTIONS.some((name) => options.has(name) && name !== 'ssl_disabled')) return undefined
  const [ca, cert, key, cipher] = VALUES.map((name) => options.get(name))
  return { verifies: verifies(options, mode), ca, cert, key, cipher }
}

function verifies(options: Values, mode: string | undefined): TlsOptions['verifies'] {
  if (mode === 'verify_identity') return 'name'
  if (mode === 'verify_ca') return 'authority'
  // As in MySQL: an authority that is named is also used for verification.
  if (mode === 'required') return options.has('ssl_ca') ? 'authority' : 'nobody'
  if (isOff(options, 'ssl_verify_cert')) return 'nobody'
  if (isOff(options, 'ssl_verify_identity') || isOff(options, 'ssl_check_hostname')) return 'authority'
  const isNameAsked = isOn(options, 'ssl_verify_identity') || isOn(options, 'ssl_check_hostname')
  // As in PyMySQL: verifying the certificate alone does not verify the name.
  return isOn(options, 'ssl_verify_cert') && !isNameAsked ? 'authority' : 'name'
}

function valueFault(options: Values): string | undefined {
  const mode = options.get('ssl_mode')?.toLowerCase()
  if (mode === 'preferred') {
    return 'ssl_mode: preferred falls back to plain text, which an attacker can force; use required'
  }
  if (mode !== undefined && !MODES.includes(mode)) return `ssl_mode: expected one of ${MODES.join(', ')}`
  const empty = VALUES.find((name) => options.get(name) === '')
  if (empty) return `${empty} is empty`
  const wrong = [...CHECKS, ...SWITCHES].find(
    (name) => options.has(name) && booleanOf(options.get(name) ?? '') === undefined,
  )
  return wrong && `${wrong}: expected true or false`
}

function contradiction(options: Values): string | undefined {
  const has = (name: string) => options.has(name)
  const doubled = [...CHECKS, ...SWITCHES].find(has)
  if (has('ssl_mode') && doubled) return `ssl_mode cannot be combined with ${doubled}; leave ${doubled} out`
  const isDisabled = options.get('ssl_mode')?.toLowerCase() === 'disabled'
  const besides = [...VALUES, ...CHECKS].find(has)
  if ((isDisabled || isOn(options, 'ssl_disabled') || isOff(options, 'ssl')) && besides) {
    return `TLS is switched off, but ${besides} needs it; leave one of them out`
  }
  if (has('ssl_cert') !== has('ssl_key')) return 'ssl_cert and ssl_key must be given together'
  const name = ['ssl_verify_identity', 'ssl_check_hostname'].find((option) => isOn(options, option))
  if (!name || !isOff(options, 'ssl_verify_cert')) return undefined
  return `${name} needs ssl_verify_cert: the name in a certificate that is not verified proves nothing`
}

function isOn(options: Values, name: string): boolean {
  return booleanOf(options.get(name) ?? '') === true
}

function isOff(options: Values, name: string): boolean {
  return booleanOf(options.get(name) ?? '') === false
}
