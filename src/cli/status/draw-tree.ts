import { type Branch, branchesOf, isStale, leafOf, shownAge } from '../../status/tree/branches.ts'
import type { Status } from '../../status/tree/entry.ts'
import { printable } from '../../text/printable.ts'

/**
 * Returns statuses as a tree for a terminal: a line for each key with its value and age, each child indented below its
 * name. What is about to be over is marked.
 */
export function drawTree(statuses: readonly Status[]): string {
  const lines = linesOf(branchesOf(statuses), '')
  const widest = Math.max(0, ...lines.map(({ text }) => text.length).filter((length) => length <= 60))
  return lines.map(({ text, note }) => `${note === '' ? text : `${text.padEnd(widest)}  ${note}`}\n`).join('')
}

type Line = { readonly text: string; readonly note: string }

function linesOf({ statuses, children }: Branch, indent: string): readonly Line[] {
  const own = statuses.map((status) => ({
    text: `${indent}${printable(leafOf(status.key))}: ${printable(status.value)}`,
    note: `${shownAge(status.since ?? status.age)}${isStale(status) ? ', stale' : ''}`,
  }))
  const below = children.flatMap((child) => [
    { text: `${indent}${printable(child.name)}/`, note: '' },
    ...linesOf(child, `${indent}  `),
  ])
  return [...own, ...below]
}
