import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const { exports } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8')) as {
  readonly exports: { readonly [name: string]: string | { readonly types: string; readonly default: string } }
}

test.each(Object.entries(exports).filter(([, target]) => typeof target !== 'string'))(
  '%s has a source for its types and its code',
  (_, target) => {
    if (typeof target === 'string') throw new Error('a module has types')
    const source = target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts')
    expect(target.types).toBe(target.default.replace(/\.js$/, '.d.ts'))
    expect(existsSync(resolve(ROOT, source))).toBe(true)
  },
)

test('all that can be extended has types', () => {
  expect(Object.keys(exports)).toEqual(
    expect.arrayContaining(['./handler', './app', './trait-plugin', './usage-handler']),
  )
})
