/** Returns a text without the line that names its schema to editors, which is not where the text goes. */
export function withoutSchemaLine(text: string): string {
  return text.replace(/^# yaml-language-server:.*\n+/, '')
}

/** A part of a file in YAML, with the comments before it. */
type Part = { readonly name: string; readonly text: string }

/**
 * Returns the triggers of these names out of a text in YAML, in its order, with the comments before them. Throws when
 * one is missing, or when an alias points to one that is not taken.
 */
export function pickTriggers(text: string, names: readonly string[]): string {
  return pick(partsOf(text, /^- name: (\S+)$/), names)
}

/** Returns the pipelines of these names as pickTriggers does. */
export function pickPipelines(text: string, names: readonly string[]): string {
  return pick(partsOf(text, /^([a-z]\w*):/), names)
}

function partsOf(text: string, head: RegExp): Part[] {
  const parts: { name: string; lines: string[] }[] = []
  let comments: string[] = []
  for (const line of withoutSchemaLine(text).split('\n')) {
    const name = head.exec(line)?.[1]
    if (name !== undefined) {
      parts.push({ name, lines: [...comments, line] })
      comments = []
    } else if (line === '') {
      // A comment that is followed by nothing is of no part.
      comments = []
    } else if (line.startsWith('#')) comments.push(line)
    else parts.at(-1)?.lines.push(line)
  }
  return parts.map(({ name, lines }) => ({ name, text: lines.join('\n') }))
}

function pick(parts: readonly Part[], names: readonly string[]): string {
  const picked = parts.filter(({ name }) => names.includes(name))
  const text = `${picked.map((part) => part.text).join('\n\n')}\n`
  for (const name of names)
    if (!picked.some((part) => part.name === name))
      throw new Error(`there is no ${name} in the shipped files`)
  const anchors = new Set([...text.matchAll(/: &(\w+)/g)].map(([, anchor]) => anchor))
  for (const [, alias = ''] of text.matchAll(/: \*(\w+)/g))
    if (!anchors.has(alias))
      throw new Error(`*${alias} of the shipped files points to a part that is not taken`)
  return text
}
