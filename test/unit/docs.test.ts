import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const PAGES = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).sort()
const textOf = (page: string) => readFileSync(join(ROOT, page), 'utf8')

/** Heads of sections, as links name them. */
function anchorsOf(page: string): Set<string> {
  const heads = [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, head = '']) => head)
  return new Set(
    heads.map((head) =>
      head
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

test.each(PAGES)('the links of %s lead somewhere', (page) => {
  const wrong = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^https?:/.test(link)) return []
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? page : join(dirname(page), path)
    if (!existsSync(join(ROOT, target))) return [link]
    return anchor === undefined || anchorsOf(target).has(anchor) ? [] : [link]
  })
  expect(wrong).toEqual([])
})

test.each(PAGES)('the files of this repository that %s names are there', (page) => {
  const named = [...textOf(page).matchAll(/`((?:src|test|config|docs|sandbox)\/[\w./-]+?)\/?`/g)]
  const missing = named.flatMap(([, path = '']) => (existsSync(join(ROOT, path)) ? [] : [path]))
  // What running makes.
  expect(missing.filter((path) => !/^sandbox\/(data|dist|\.node)/.test(path))).toEqual([])
})

/** Pages that may be linked from the index of their folder instead of README. */
const INDEXES: { readonly [folder: string]: string } = {
  'docs/architecture/': 'docs/architecture/overview.md',
  'docs/decisions/': 'docs/decisions/README.md',
}

/** Whether README links a page, or links the index of its folder and that links the page. */
function isLedTo(page: string): boolean {
  const readme = textOf('README.md')
  if (readme.includes(`(${page})`)) return true
  const index = Object.entries(INDEXES).find(([folder]) => page.startsWith(folder))?.[1]
  return index !== undefined && readme.includes(`(${index})`) && textOf(index).includes(`(${basename(page)})`)
}

test('README leads to every page of docs, to those of architecture and decisions by their index', () => {
  const pages = PAGES.filter((page) => page.startsWith('docs/'))
  expect(pages.filter((page) => !isLedTo(page))).toEqual([])
  expect(textOf('README.md').split('\n').length).toBeLessThan(150)
})
