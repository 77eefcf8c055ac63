/** A table in the look of the original klugman: cells centered, as Python centers them. */
export function formatTable(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headers.map((header, column) =>
    rows.reduce((width, row) => Math.max(width, (row[column] as string).length), header.length),
  )
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`
  const line = (cells: readonly string[]) =>
    `|${cells.map((cell, column) => ` ${center(cell, widths[column] as number)} `).join('|')}|`
  return [rule, line(headers), rule, ...rows.map(line), rule].join('\n')
}

/** Of an odd space the larger half is on the left when the width is odd. */
function center(text: string, width: number): string {
  const space = width - text.length
  const left = Math.floor(space / 2) + (space & width & 1)
  return `${' '.repeat(left)}${text}${' '.repeat(space - left)}`
}
