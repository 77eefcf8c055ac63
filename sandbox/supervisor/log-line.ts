import { styleText } from 'node:util'

/** Colours a text, or returns it as it is where there are no colours. */
export type Paint = (colour: Colour, text: string) => string
export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'gray' | 'bold'

/** Returns the paint for a stream: none where it is no terminal or NO_COLOR is set. */
export function paintFor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Paint {
  const isColoured = stream.isTTY && !env.NO_COLOR && env.TERM !== 'dumb'
  return isColoured ? paint : plain
}

export const paint: Paint = (colour, text) => styleText(colour, text, { validateStream: false })
export const plain: Paint = (_, text) => text

const LEVELS: { readonly [level: string]: Colour } = { error: 'red', warn: 'yellow' }

/**
 * Returns a part's log line for people: time, level unless it is info, sentence. Other lines stay as they are.
 * Returns undefined for statistics, which the status line has.
 */
export function readableLine(line: string, paint: Paint): string | undefined {
  const { time, level, msg } = parsed(line)
  if (typeof msg !== 'string') return line
  if (msg === 'statistics') return undefined
  const at = typeof time === 'string' ? `${time.slice(11, 19)} ` : ''
  const colour = LEVELS[String(level)]
  return `${paint('gray', at)}${colour ? paint(colour, `${level}: ${msg}`) : msg}`
}

function parsed(line: string): { readonly [name: string]: unknown } {
  if (!line.startsWith('{')) return {}
  try {
    return JSON.parse(line)
  } catch {
    return {}
  }
}

const COLOURS = ['cyan', 'green', 'magenta', 'blue', 'yellow'] as const

/** Returns what stands before the lines of a part: its name in a column, in a colour of its own. */
export function prefixOf(name: string, index: number, paint: Paint): string {
  return `${paint(COLOURS[index % COLOURS.length] as Colour, name.padEnd(11))}| `
}
