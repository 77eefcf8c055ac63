import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf, StackTachError } from '../domain/errors.ts'
import { inTime } from './in-time.ts'

/** Matches `./my.js:MyHandler`: a module, relative to a folder, and the class that it exports. */
const CLASS_PATH = /^(\.{0,2}\/.*\.[cm]?[jt]s):([A-Za-z_$][\w$]*)$/

/** Whether a class path names a module of the user's own. */
export function isModulePath(classPath: string): boolean {
  return CLASS_PATH.test(classPath)
}

/** What a class must have: all of the methods, or the static factory instead. */
export type ClassNeeds = { readonly methods: readonly string[]; readonly factory?: string | undefined }

/**
 * Imports a class of the user's own and checks that it has what it must have. Rejects with StackTachError, whose
 * message names what is wrong with the class.
 */
export async function loadClass(
  classPath: string,
  folder: string,
  { methods, factory }: ClassNeeds,
): Promise<unknown> {
  const [, path, name] = CLASS_PATH.exec(classPath) ?? []
  if (path === undefined || name === undefined) {
    throw new StackTachError('config', `${classPath}: expected a module and a class, such as ./my.js:MyClass`)
  }
  const loaded = await importModule(resolve(folder, path), classPath)
  const found = loaded[name]
  if (typeof found !== 'function') {
    throw new StackTachError(
      'config',
      `${classPath}: the module exports no class ${name}; it exports ${Object.keys(loaded).join(', ') || 'nothing'}`,
    )
  }
  if (factory !== undefined && typeof Reflect.get(found, factory) === 'function') return found
  const missing = methods.filter((method) => typeof found.prototype?.[method] !== 'function')
  if (missing.length > 0) {
    throw new StackTachError(
      'config',
      `${classPath}: ${name} lacks ${missing.map((method) => `${method}()`).join(', ')}; expected methods of the class`,
    )
  }
  return found
}

/** Longest time to load a module, ms: one that waits for something may wait for ever. */
const LOADING_MS = 10_000

async function importModule(file: string, classPath: string): Promise<{ readonly [name: string]: unknown }> {
  const late = () => new Error(`it was not loaded within ${LOADING_MS / 1000} s`)
  try {
    return await inTime(import(pathToFileURL(file).href), LOADING_MS, late)
  } catch (error) {
    const reason = `${messageOf(error)}${placeOf(error, file)}`
    throw new StackTachError('config', `${classPath}: the module cannot be loaded: ${reason}`, {
      cause: error,
    })
  }
}

/**
 * Returns ` (line N)` for a syntax error in a file, else the empty text. The error itself does not say where it
 * is: another process of Node reads the file, without running it.
 */
function placeOf(error: unknown, file: string): string {
  if (!(error instanceof SyntaxError)) return ''
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: LOADING_MS })
  const [, line] = /^.*:(\d+)\n/.exec(stderr ?? '') ?? []
  return line === undefined ? '' : ` (line ${line})`
}
