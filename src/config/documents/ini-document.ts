import { ConfigError, type Position } from '../../domain/errors.ts'

export type IniEntry = { readonly value: string; readonly position: Position }

export type IniSection = { readonly position: Position; readonly entries: ReadonlyMap<string, IniEntry> }

const HEADER = /^\s*\[([^\]]+)\]\s*$/

/**
 * Parses an INI file: sections in order, `;` and `#` comments on lines of their own (and ` ;` after a value),
 * values as plain text. A line that begins with white space continues the value above. Of a key that stands in a
 * section again the last one counts; `onRepeat` is called with each. Throws ConfigError.
 */
export function parseIniDocument(
  text: string,
  file: string,
  onRepeat: (section: string, key: string, position: Position) => void = () => {},
): ReadonlyMap<string, IniSection> {
  const sections = new Map<string, { position: Position; entries: Map<string, IniEntry> }>()
  let entries: Map<string, IniEntry> | undefined
  let name = ''
  let last: string | undefined
  text.split(/\r?\n/).forEach((line, index) => {
    const position = { file, line: index + 1, column: line.search(/\S|$/) + 1 }
    if (/^\s*([;#]|$)/.test(line)) return
    const header = HEADER.exec(line)
    if (header) {
      name = (header[1] as string).trim()
      const section = sections.get(name) ?? { position, entries: new Map() }
      sections.set(name, section)
      entries = section.entries
      last = undefined
      return
    }
    const above = last === undefined ? undefined : entries?.get(last)
    if (/^\s/.test(line) && above && last !== undefined) {
      entries?.set(last, { ...above, value: `${above.value}\n${line.trim()}` })
      return
    }
    const entry = splitEntry(line)
    if (!entry || !entries) throw unreadable(position, entries === undefined)
    last = entry.key
    if (entries.has(last)) onRepeat(name, last, { ...position, column: entry.column })
    entries.set(last, { value: entry.value, position: { ...position, column: entry.column } })
  })
  return sections
}

/** Splits `key = value ; comment`. Takes a time proportional to the length, whatever blanks the line has. */
function splitEntry(line: string): { key: string; value: string; column: number } | undefined {
  const separator = line.search(/[=:]/)
  const key = line.slice(0, Math.max(separator, 0)).trim().toLowerCase()
  if (key === '') return undefined
  const rest = line.slice(separator + 1).trimStart()
  const comment = rest.trimEnd().search(/\s;/)
  const value = (comment < 0 ? rest : rest.slice(0, comment)).trimEnd()
  return { key, value, column: line.length - rest.length + 1 }
}

function unreadable(position: Position, outside: boolean): ConfigError {
  const message = outside ? 'expected a [section] first' : 'expected `key = value` or a [section]'
  return new ConfigError(`${position.file} is not an INI file`, [
    { severity: 'error', code: 'ini', path: '', message, position },
  ])
}
