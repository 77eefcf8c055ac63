/** Matches a text that a spreadsheet takes for a formula; numbers are none. */
const FORMULA = /^(?![+-]?[\d.]+$)[=+\-@\t\r]/

/** Returns a text with an apostrophe before it where a spreadsheet would run it as a formula. */
export function withoutFormula(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}

/** Formats a line of CSV by RFC 4180, but ends it with a line feed only. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`
}
