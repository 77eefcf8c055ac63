import { ConfigError, errorsAmong, type Finding, formatFinding } from '../domain/errors.ts'
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

/** Prints findings about configuration, one a line. */
export async function printFindings(findings: readonly Finding[], json: true | undefined): Promise<void> {
  for (const finding of findings) {
    const { severity, code, position, path, message } = finding
    const fields = { severity, code, ...position, path, message }
    await printFinding({ line: formatFinding(finding), fields }, json)
  }
}

/** Throws ConfigError with the number of errors that were found in a file; returns where there are none. */
export function requireNone(errors: number, file: string): void {
  if (errors > 0) throw new ConfigError(`${file}: ${errors} ${errors === 1 ? 'error' : 'errors'}`)
}

/** Prints the findings about a file, or that it is valid. Throws ConfigError where one is an error. */
export async function printChecked(
  file: string,
  findings: readonly Finding[],
  json: true | undefined,
): Promise<void> {
  await printFindings(findings, json)
  requireNone(errorsAmong(findings).length, file)
  if (!json) await print(`${file} is valid\n`)
}

function masked(_name: string, value: unknown): unknown {
  return typeof value === 'string' ? maskSecrets(value) : value
}
