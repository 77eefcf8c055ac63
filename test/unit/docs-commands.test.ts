import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const PAGES = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).sort()
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** Where the commands of each program are made. */
const BOTH = 'src/cli/terminal/*-command.ts'
const FOLDERS = {
  stv3: ['src/cli/commands/*.ts', BOTH],
  klugman: ['src/klugman/*-command{,s}.ts', BOTH],
}
type Program = keyof typeof FOLDERS

/** A program with the commands that its modules make. */
async function load(program: Program): Promise<Command> {
  const root = new Command(program).version('0').option('--url <url>').option('--debug')
  for (const file of globSync(FOLDERS[program], { cwd: ROOT })) {
    const exported: { readonly [name: string]: unknown } = await import(join(ROOT, file))
    for (const [name, make] of Object.entries(exported)) {
      if (name.endsWith('Command') && typeof make === 'function') root.addCommand(make(program))
    }
  }
  return root
}

/** The command lines of a program in all pages: in blocks, by themselves or through npm, and in code spans. */
function shown(program: Program): { readonly page: string; readonly line: string }[] {
  const called = `(?:npm run -s ${program} -- |${program} )`
  const inBlock = new RegExp(`^ {4}(?:\\$ )?(?:.* \\| )?${called}(.*)$`, 'gm')
  const inSpan = new RegExp(`\`${called}([^\`]+)\``, 'g')
  return PAGES.flatMap((page) => {
    const text = readFileSync(join(ROOT, page), 'utf8')
    return [inBlock, inSpan].flatMap((pattern) =>
      [...text.matchAll(pattern)].map(([, line = '']) => ({ page, line })),
    )
  })
}

/** The words of a line up to its comment, without placeholders and what stands in quotes. */
function wordsOf(line: string): string[] {
  const [call = ''] = line.replace(/'[^']*'/g, 'TEXT').split(/ # | \| | > /)
  const words = call.replaceAll('\\|', '|').trim().split(/\s+/)
  return words.filter((word) => !/^(URL|COMMAND|https?:|…|\[)/.test(word))
}

/** What a line names that is not there: a command, or an option of its command. */
function unknownIn(root: Command, line: string): string[] {
  const words = wordsOf(line)
  let command = root
  while (command.commands.length > 0 && words[0] !== undefined && !words[0].startsWith('-')) {
    const alternatives = (words.shift() ?? '').split('|')
    const found = alternatives.map((name) => command.commands.find((one) => one.name() === name))
    const unknown = alternatives.filter((_, index) => found[index] === undefined)
    if (unknown.length > 0) return unknown
    command = found[0] as Command
  }
  // A group of commands may have one that runs where none is named.
  const known = [command, ...command.commands.slice(0, 1)].flatMap((one) =>
    one.options.flatMap(({ short, long }) => [short, long]),
  )
  const options = words.filter((word) => /^--?[A-Za-z]/.test(word)).flatMap((word) => word.split(/[|\],]/))
  return options.filter((option) => option !== '--help' && !known.includes(option))
}

test.each(['stv3', 'klugman'] as const)(
  'the commands and options of %s that pages show exist',
  async (program) => {
    const root = await load(program)
    const lines = shown(program)
    expect(lines.length).toBeGreaterThan(10)
    const wrong = lines.flatMap(({ page, line }) =>
      unknownIn(root, line).map((unknown) => `${page}: ${program} ${line}: ${unknown}`),
    )
    expect(wrong).toEqual([])
  },
)

test('the scripts of npm that pages run exist', () => {
  const wrong = PAGES.flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/npm run (?:-s )?([a-z][\w-]*)/g)]
      .filter(([, name = '']) => !(name in scripts))
      .map(([command]) => `${page}: ${command}`),
  )
  expect(wrong).toEqual([])
})
