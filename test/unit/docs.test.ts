import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
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
  expect(missing.filter((path) => !/^sandbox\/(data|\.node)/.test(path))).toEqual([])
})

test('README leads to every page of docs', () => {
  const pages = PAGES.filter((page) => page.startsWith('docs/'))
  const readme = textOf('README.md')
  expect(pages.filter((page) => !readme.includes(`(${page})`))).toEqual([])
  expect(readme.split('\n').length).toBeLessThan(150)
})
