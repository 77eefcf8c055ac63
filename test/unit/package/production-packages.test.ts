import { expect, test } from 'vitest'
import { productionPackages } from '../../../sandbox/package/production-packages.ts'

test('what is needed to run, found as Node finds it, without types where they are not wanted', () => {
  const lockfile = {
    packages: {
      '': { dependencies: { a: '1', '@types/node': '1' } },
      'node_modules/a': { version: '1.0.0', dependencies: { b: '1', c: '1' } },
      'node_modules/a/node_modules/b': { version: '1.0.0', dependencies: { c: '1' } },
      'node_modules/b': { version: '2.0.0' },
      'node_modules/c': { version: '1.0.0', dependencies: { a: '1' } },
      'node_modules/tool': { version: '1.0.0' },
      'node_modules/@types/node': { version: '1.0.0' },
    },
  }
  const own = ['node_modules/a', 'node_modules/a/node_modules/b', 'node_modules/c']
  expect(productionPackages(lockfile, { types: false })).toEqual(own)
  expect(productionPackages(lockfile, { types: true })).toEqual(['node_modules/@types/node', ...own])
})

test('a lockfile that lacks a package is refused with who needs it', () => {
  const lockfile = { packages: { '': { dependencies: { a: '1' } } } }
  expect(() => productionPackages(lockfile, { types: true })).toThrow('has no a, which the package needs')
})
