import { expect, test } from 'vitest'
import { joinModules } from '../../../src/dashboard/join-modules.ts'

const module = (path: string, ...lines: string[]) => ({ path, text: `${lines.join('\n')}\n` })

test('modules are one text, each in a scope of its own, those that others need first', async () => {
  const joined = joinModules([
    module(
      'main.js',
      "import { twice } from './views/a.js'",
      '',
      '  // said twice',
      'globalThis.told = twice(21)',
    ),
    module(
      'views/a.js',
      "import {\n  add,\n} from '../b.js'",
      'const hidden = 0',
      'export function twice(one) {',
      '  return add(one, one) + hidden',
      '}',
    ),
    module(
      'b.js',
      '/** Adds. */',
      'export const add = (a, b) => a + b',
      'const hidden = 1',
      'export const one = hidden',
    ),
  ])
  expect(joined).not.toMatch(/Adds|said twice|^ /m)
  await import(`data:text/javascript,${encodeURIComponent(joined)}`)
  expect(globalThis).toMatchObject({ told: 42 })
})

test('what is imported late is there, and libraries stay modules', () => {
  const joined = joinModules([
    module(
      'main.js',
      "import { html } from './lib/lit-html/lit-html.js'",
      "const load = () => import('./views/a.js')",
    ),
    module('views/a.js', "import { html } from '../lib/lit-html/lit-html.js'", 'export const view = html'),
  ])
  expect(joined).toMatch(/^import \* as lib0 from '\.\/lib\/lit-html\/lit-html\.js'\n/)
  expect(joined).toContain('load = () => Promise.resolve(of_views_a_js)')
  expect(joined.match(/^import/gm)).toHaveLength(1)
})

test.each([
  [
    'another form of import',
    [module('a.js', "import b from './b.js'")],
    'a.js imports or exports in another form',
  ],
  ['another form of export', [module('a.js', 'export default 1')], 'a.js imports or exports in another form'],
  [
    'a circle',
    [module('a.js', "import { b } from './b.js'"), module('b.js', "import { a } from './a.js'")],
    'in a circle: a.js',
  ],
  [
    'a module that is not there',
    [module('a.js', "import { b } from './b.js'")],
    'the page has no module b.js',
  ],
])('%s is refused', (_, modules, message) => {
  expect(() => joinModules(modules)).toThrow(message)
})
