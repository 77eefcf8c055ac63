import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { HANDLERS } from '../../../src/pipeline/handlers/handler-registry.ts'
import { LoggerHandler } from '../../../src/pipeline/handlers/logger-handler.ts'
import { ClassRegistry } from '../../../src/runtime/class-registry.ts'
import { folderWith } from '../../support/folders.ts'

class BuiltIn {}

const registry = new ClassRegistry<unknown>({
  kind: 'thing',
  builtIn: { first: BuiltIn, second: BuiltIn },
  classPaths: { 'old.module:First': BuiltIn },
  methods: ['work'],
  factory: 'open',
  ownOnes: 'own ones are named as ./my.js:MyThing',
})

const MINE = `export class Mine { work() {} }
export class Idle {}
export class Opened { static open() {} }`

const named = { mine: './mine.mjs:Mine', short: 'first' }

test.each(['first', 'second', 'old.module:First', 'old.module.First'])('%s is built in', (path) => {
  expect(registry.builtIn(path)).toBe(BuiltIn)
})

test.each([
  ['a name of the configuration', 'mine', 'Mine'],
  ['a name that stands for one built in', 'short', 'BuiltIn'],
  ['a class path', './mine.mjs:Mine', 'Mine'],
  ['a class with the factory in place of the methods', './mine.mjs:Opened', 'Opened'],
])('loads %s', async (_, name, className) => {
  const folder = folderWith({ 'mine.mjs': MINE })
  expect(await registry.load(name, { named, folder })).toHaveProperty('name', className)
})

describe('refuses', () => {
  test.each([
    [
      'frist',
      'there is no thing frist; known are mine, short, first, second, own ones are named as ./my.js:MyThing; did you mean "first"?',
    ],
    ['./mine.mjs:Idle', './mine.mjs:Idle: Idle lacks work(); expected methods of the class'],
    ['./mine.mjs:Other', './mine.mjs:Other: the module exports no class Other; it exports '],
  ])('%s', async (name, message) => {
    await expect(registry.load(name, { named, folder: folderWith({ 'mine.mjs': MINE }) })).rejects.toThrow(
      message,
    )
  })

  test('a name whose class path stands for nothing', async () => {
    await expect(registry.load('x', { named: { x: 'y.z:X' }, folder: '' })).rejects.toThrow(
      'there is no thing x (y.z:X); known are first, second, own ones are named as ./my.js:MyThing',
    )
  })
})

test('a module with a syntax error is refused with its line', () => {
  const folder = folderWith({ 'broken.mjs': '// mine\n\nexport class Broken { work( { } }\n' })
  const module = resolve(import.meta.dirname, '../../../src/runtime/load-class.ts')
  const code = `import { loadClass } from ${JSON.stringify(module)}
    await loadClass('./broken.mjs:Broken', ${JSON.stringify(folder)}, { methods: [] }).catch((error) => console.log(error.message))`
  // The loader of vitest words such errors in its own way.
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
  expect(stdout).toMatch(/^\.\/broken\.mjs:Broken: the module cannot be loaded: .+ \(line 3\)\n$/)
})

test('names of the prototype of objects stand for nothing', async () => {
  await expect(registry.load('constructor', { named: {}, folder: '' })).rejects.toThrow('there is no thing')
})

test("handlers are found by the original's class paths", () => {
  expect(HANDLERS.builtIn('winchester.pipeline_handler:LoggingHandler')).toBe(LoggerHandler)
})
