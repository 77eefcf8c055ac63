import { maskSecrets } from '../text/mask-secrets.ts'
import { print } from './program.ts'

/** A finding as it is printed: one line for people, and its fields for programs. */
export type PrintableFinding = { readonly line: string; readonly fields: object }

/**
 * Prints a finding as a line of text or as one JSON object. Secrets in it are masked as in the errors of
 * commands: the value that was found may hold one.
 *
 * @example
 * await printFinding({ line: formatFinding(finding), fields: finding }, json)
 */
export function printFinding({ line, fields }: PrintableFinding, json: true | undefined): Promise<void> {
  return print(`${json ? JSON.stringify(fields, masked) : maskSecrets(line)}\n`)
}

function masked(_name: string, value: unknown): unknown {
  return typeof value === 'string' ? maskSecrets(value) : value
}
