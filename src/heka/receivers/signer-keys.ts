import { ConfigError } from '../../domain/errors.ts'
import type { SignerKeys } from '../wire/signature.ts'

/** Reads lines `SIGNER_VERSION KEY`; blank ones and those that begin with # are left out. Throws ConfigError. */
export function parseSignerKeys(text: string, file: string): SignerKeys {
  const keys = new Map<string, string>()
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue
    const [, name, key] = /^(.*_\d+)[ \t]+(.*?)\r?$/.exec(line) ?? []
    if (name === undefined || key === undefined)
      throw new ConfigError(`${file}:${index + 1}: expected SIGNER_VERSION KEY, such as ops_1 and a key`)
    keys.set(name, key)
  }
  return keys
}
