import { printable } from '../../text/printable.ts'

const COLOURS = { debug: 90, info: 32, warn: 33, error: 31 } as const
const DIM = 2
const BOLD = 1

/** Fields of every line, which are shown in places of their own or, as the process id, not at all. */
const OWN = new Set(['level', 'time', 'pid', 'msg'])

/**
 * Returns a line of the log for people: time (UTC), level, sentence, and the fields as `name=value`. The stack
 * of an error follows on lines of its own. A line that is not a JSON object is returned as it is.
 *
 * @example
 * forPeople('{"level":"info","time":"2026-11-30T04:45:00.123Z","msg":"reading queue q","queue":"q"}\n', false)
 * // 2026-11-30 04:45:00.123  INFO   reading queue q  queue=q
 */
export function forPeople(line: string, hasColours: boolean): string {
  const fields = fieldsOf(line)
  if (!fields) return line
  const paint = (code: number, text: string) =>
    hasColours && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text
  const { level, time, msg } = fields
  const at = String(time ?? '')
    .replace('T', ' ')
    .replace('Z', '')
  const name = String(level ?? '')
  const colour = COLOURS[name as keyof typeof COLOURS] ?? 0
  const sentence = printable(String(msg ?? ''))
  const others = Object.entries(fields).filter(([key]) => !OWN.has(key))
  const shown = others.map(([key, value]) => `${printable(key)}=${shownValue(value)}`).join(' ')
  const stacks = others.flatMap(([, value]) => stackOf(value))
  const head = `${paint(DIM, printable(at))}  ${paint(colour, printable(name.toUpperCase()).padEnd(5))}`
  const isBad = name === 'warn' || name === 'error'
  const body = [isBad ? paint(BOLD, sentence) : sentence, paint(DIM, shown)].filter((part) => part !== '')
  return `${[`${head}  ${body.join('  ')}`, ...stacks.map((one) => paint(DIM, `    ${one}`))].join('\n')}\n`
}

function fieldsOf(line: string): { readonly [name: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as { [name: string]: unknown }) : undefined
  } catch {
    return undefined
  }
}

/** Texts of letters, digits and few signs stand by themselves; others in quotation marks. */
function shownValue(value: unknown): string {
  if (typeof value === 'string') return /^[\w./:@+%-]+$/.test(value) ? value : quoted(value)
  const message = typeof value === 'object' && value !== null ? Reflect.get(value, 'message') : undefined
  return typeof message === 'string' ? quoted(message) : printable(JSON.stringify(value) ?? '')
}

function quoted(text: string): string {
  return printable(JSON.stringify(text))
}

function stackOf(value: unknown): string[] {
  const stack = typeof value === 'object' && value !== null ? Reflect.get(value, 'stack') : undefined
  if (typeof stack !== 'string') return []
  return stack
    .split('\n')
    .slice(1)
    .map((one) => printable(one.trim()))
}
