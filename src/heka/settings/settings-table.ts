import { bareVariable, type Program } from './read-settings.ts'
import type { Settings } from './setting.ts'

const COLUMNS = ['KEY', 'TYPE', 'DEFAULT', 'REQUIRED', 'MEANING'] as const

/** Returns the table of a program's environment variables, a line each. */
export function settingsTable({ prefix, settings }: Program<Settings>): string {
  const rows = Object.entries(settings).map(([key, { type, otherwise, isRequired, about }]) => [
    `${prefix}_${bareVariable(key)}`,
    type,
    otherwise,
    isRequired ? 'true' : '',
    about,
  ])
  const all = [[...COLUMNS], ...rows]
  const widths = COLUMNS.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
