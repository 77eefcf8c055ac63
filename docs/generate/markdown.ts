/** Writes a table; cells may hold code between backticks, and their bars are escaped. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cellOf).join(' | ')} |`
  return [line(heads), `|${heads.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

function cellOf(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** Writes a value as code; a dash where there is none. */
export function code(value: unknown): string {
  if (value === undefined) return '–'
  return `\`${typeof value === 'string' ? value || "''" : JSON.stringify(value)}\``
}

/** Joins paragraphs, leaving out those that are empty. */
export function paragraphs(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n')
}

/**
 * Replaces what stands between the markers of a page by the sections of these names. Throws where a marker is
 * missing.
 */
export function fillPage(page: string, sections: { readonly [name: string]: string }): string {
  return Object.entries(sections).reduce((text, [name, section]) => {
    const [begin, end] = [`<!-- generated: ${name} (npm run docs) -->`, `<!-- end: ${name} -->`]
    const [from, to] = [text.indexOf(begin), text.indexOf(end)]
    if (from < 0 || to < from) throw new Error(`the page has no ${begin} … ${end}`)
    return `${text.slice(0, from + begin.length)}\n\n${section}\n\n${text.slice(to)}`
  }, page)
}
