import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const SRC = resolve(import.meta.dirname, '../../src')

/** What each folder may import of the others, beside itself and runtime. */
const ARROWS: { readonly [folder: string]: readonly string[] } = {
  domain: [],
  runtime: ['domain'],
  timex: ['domain'],
  distiller: ['domain'],
  streams: ['domain', 'timex'],
  usage: ['domain'],
  config: ['domain', 'timex', 'distiller', 'streams'],
  store: ['domain'],
  broker: ['domain'],
  archive: ['domain'],
  consumer: [
    'domain',
    'timex',
    'distiller',
    'streams',
    'publishing',
    'store/store.ts',
    'broker/broker.ts',
    'archive/archive.ts',
  ],
  pipeline: ['domain', 'timex', 'streams', 'usage', 'publishing', 'store/store.ts', 'broker/broker.ts'],
  publishing: ['domain'],
  api: ['domain', 'store/store.ts'],
  client: ['domain'],
  notigen: ['domain', 'broker/broker.ts'],
}

/** Libraries that only one folder may know. */
const HOMES: { readonly [library: string]: string } = {
  kysely: 'store',
  mysql2: 'store',
  amqplib: 'broker',
  smqp: 'broker',
  express: 'api',
  'express-rate-limit': 'api',
  helmet: 'api',
  commander: 'cli',
  'stream-json': 'cli',
  'stream-chain': 'cli',
  'js-yaml': 'config',
  pino: 'runtime',
}

/** Node's modules that pure folders must not touch. */
const IMPURE = /^node:(fs|net|http|https|child_process|timers|process|os|dns|tls|sqlite|worker_threads)/
const PURE = ['domain', 'timex', 'distiller', 'streams', 'usage']

type Import = { readonly file: string; readonly folder: string; readonly target: string }

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}

const files = filesBelow(SRC)
const imports: Import[] = files.flatMap((path) => {
  const text = readFileSync(path, 'utf8')
  const file = relative(SRC, path)
  return [...text.matchAll(/(?:from|import) '([^']+)'/g)].map((match) => {
    const target = match[1] as string
    const inside = target.startsWith('.') ? relative(SRC, resolve(dirname(path), target)) : target
    return { file, folder: file.split('/')[0] as string, target: inside }
  })
})
const internal = imports.filter(({ target }) => target.endsWith('.ts'))
const external = imports.filter(({ target }) => !target.endsWith('.ts'))

test('every folder imports only what its arrows allow', () => {
  const wrong = internal.filter(({ folder, target }) => {
    if (folder === 'cli' || target.startsWith(`${folder}/`)) return false
    if (target.startsWith('runtime/') && folder !== 'domain' && folder !== 'client') return false
    const allowed = ARROWS[folder] ?? []
    return !allowed.some((arrow) => target === arrow || target.startsWith(`${arrow}/`))
  })
  expect(wrong).toEqual([])
})

test('every folder has its arrows', () => {
  const folders = new Set(files.map((path) => relative(SRC, path).split('/')[0]))
  folders.delete('cli')
  expect([...folders].sort()).toEqual(Object.keys(ARROWS).sort())
})

test('each library has one home', () => {
  const wrong = external.filter(({ folder, target }) => {
    const home = Object.entries(HOMES).find(
      ([library]) => target === library || target.startsWith(`${library}/`),
    )
    return home !== undefined && home[1] !== folder
  })
  expect(wrong).toEqual([])
})

test('pure folders touch no system', () => {
  const wrong = external.filter(({ folder, target }) => PURE.includes(folder) && IMPURE.test(target))
  expect(wrong).toEqual([])
  const readers = files.filter(
    (path) =>
      PURE.includes(relative(SRC, path).split('/')[0] as string) &&
      /\b(process\.|setTimeout|setInterval|Date\.now|Math\.random|performance\.)/.test(
        readFileSync(path, 'utf8'),
      ),
  )
  expect(readers).toEqual([])
})

test('no import goes round in a circle', () => {
  const graph = new Map<string, string[]>()
  for (const { file, target } of internal) graph.set(file, [...(graph.get(file) ?? []), target])
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return undefined
    path.push(file)
    for (const next of graph.get(file) ?? []) {
      const circle = visit(next)
      if (circle) return circle
    }
    path.pop()
    done.add(file)
    return undefined
  }
  for (const file of graph.keys()) expect(visit(file)).toBeUndefined()
})
