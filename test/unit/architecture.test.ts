import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const SRC = resolve(import.meta.dirname, '../../src')

/** Words and tools that know nothing of the rest. */
const WORDS = ['domain', 'text', 'formats']
/** What every part may be made of. */
const GROUND = [...WORDS, 'runtime']
/** What other parts may know of those that have adapters. */
const BROKER = [
  'broker/broker.ts',
  'broker/queue-spec.ts',
  'broker/amqp-value.ts',
  'broker/message.ts',
  'broker/kept-publisher.ts',
]
const OBJECTS = ['objects/target.ts', 'objects/content-error.ts', 'objects/digest.ts']
const PORTS = ['store/store.ts', 'store/ports', ...BROKER, 'archive/archive.ts']

/** What each room may import of the others, beside itself: folders, or single files. */
const ARROWS: { readonly [room: string]: readonly string[] } = {
  domain: [],
  text: ['domain'],
  formats: ['domain', 'text'],
  runtime: ['domain', 'text'],
  timex: ['domain'],
  distiller: ['domain', 'text', 'runtime'],
  streams: ['domain', 'text', 'timex', 'runtime'],
  usage: ['domain'],
  http: GROUND,
  clock: [...GROUND, 'http', 'store/ports'],
  observe: [...GROUND, 'http'],
  // The status tree: a model that knows no process, its server, and its links to parent and children.
  status: [...GROUND, 'http'],
  // The keys of an app of a queue stand beside it.
  config: [
    ...GROUND,
    'broker/queue-spec.ts',
    'timex',
    'distiller',
    'streams',
    'consumer/apps',
    'archive/callbacks',
    'ship/log-sets',
    'ship/limits',
  ],
  store: GROUND,
  broker: GROUND,
  objects: GROUND,
  // What a notification is of, and when: the index of a file says it.
  archive: [...GROUND, 'distiller'],
  publishing: GROUND,
  consumer: [...GROUND, ...PORTS, 'clock', 'timex', 'distiller', 'streams', 'publishing'],
  pipeline: [...GROUND, ...PORTS, 'clock', 'timex', 'streams', 'usage', 'publishing'],
  ship: [...GROUND, ...OBJECTS, 'http/refuse-upgrade.ts'],
  // The page for people, and the samples that it shows.
  dashboard: [...GROUND, 'clock', 'http', 'store/ports'],
  // The log transport: its wire, and the programs on both sides of it.
  logs: [...GROUND, 'broker/broker.ts', 'broker/message.ts', 'ship/log-sets/path-text.ts'],
  // Receivers, subscriber and statistics of Heka's messages.
  heka: [...GROUND, ...BROKER, 'http', 'publishing'],
  // Bulk actions of operators.
  repair: [...GROUND, 'store/ports'],
  api: [
    ...GROUND,
    'repair',
    'clock',
    'explain/levels',
    'explain/stream',
    'explain/timeline',
    'http',
    'replay/unfinished.ts',
    'store/store.ts',
    'store/ports',
    'streams',
  ],
  client: [...WORDS, 'runtime/backoff.ts'],
  notigen: ['domain', 'runtime', 'clock'],
  explain: [
    ...GROUND,
    'clock',
    'config',
    'distiller',
    'streams',
    'timex',
    'usage',
    'pipeline',
    'store/store.ts',
    'store/ports',
  ],
  // A replay prepares and stores as a consumer does, and runs a worker of its own.
  replay: [...GROUND, ...PORTS, 'clock', 'consumer', 'distiller', 'pipeline', 'streams'],
  // Adapters are built here and nowhere else.
  assembly: [
    ...[...GROUND, 'archive', 'broker', 'clock', 'config', 'consumer', 'distiller', 'http', 'observe'],
    ...[
      'logs',
      'heka',
      'objects',
      'pipeline',
      'publishing',
      'repair',
      'replay',
      'ship',
      'status',
      'store',
      'streams',
    ],
  ],
  // The engine to embed puts the same parts together for the programs of others.
  engine: [...GROUND, 'assembly', 'clock', 'config', 'distiller', 'pipeline', 'store', 'timex'],
  dump: [...GROUND, 'store'],
  'config-test': [
    ...[...GROUND, 'clock', 'config', 'distiller', 'explain/stream', 'pipeline', 'store', 'streams'],
  ],
  'connection-check': [...GROUND, 'assembly', 'broker', 'config', 'store'],
  'deployment-status': [
    ...[...GROUND, 'assembly', 'clock', 'config', 'connection-check', 'replay/unfinished.ts'],
    ...['store/store.ts', 'store/ports'],
  ],
  starter: ['text', 'config/schemas'],
  klugman: [
    ...WORDS,
    'client',
    'cli/program.ts',
    'cli/status',
    'cli/terminal',
    'cli/completion',
    'assembly/daemon.ts',
    'runtime/backoff.ts',
  ],
  cli: [
    ...[
      ...GROUND,
      'api',
      'assembly',
      'clock',
      'config',
      'config-test',
      'connection-check',
      'dashboard',
      'deployment-status',
      'distiller',
      'dump',
    ],
    ...[
      'explain',
      'heka',
      'http',
      'klugman',
      'logs',
      'notigen',
      'observe',
      'pipeline',
      'replay',
      'ship',
      'starter',
      'status',
      'streams',
      'timex',
    ],
    ...[
      'broker/broker.ts',
      'broker/publish-all.ts',
      'broker/memory/memory-broker.ts',
      'consumer/counters.ts',
      'consumer/retry-dead-letter.ts',
      'archive',
    ],
    ...OBJECTS,
    ...['store/store.ts', 'store/ports', 'store/dialect.ts', 'store/schema', 'store/copy'],
  ],
}

/**
 * What each room of the simulator may import of the others there. A room leads to rooms before it only, so none
 * goes round in a circle. The files beside the rooms put them together, except the source of chance.
 */
const SIMULATOR: { readonly [room: string]: readonly string[] } = {
  'random.ts': [],
  calendar: [],
  operations: [],
  instance: ['random.ts', 'calendar', 'operations'],
  notices: ['random.ts', 'calendar', 'operations', 'instance'],
  templates: ['calendar', 'operations', 'instance', 'notices'],
  versioned: ['calendar', 'operations', 'instance', 'notices', 'templates'],
  format: ['notices', 'templates', 'versioned'],
  trouble: ['random.ts', 'calendar', 'operations', 'instance', 'notices'],
  cloud: ['random.ts', 'calendar', 'operations', 'instance', 'notices', 'trouble'],
  expected: ['calendar', 'operations', 'instance', 'notices', 'format', 'trouble'],
  'simulation.ts': [
    ...['random.ts', 'calendar', 'operations', 'notices', 'format', 'trouble', 'cloud', 'expected'],
  ],
  'description.ts': ['calendar', 'expected', 'simulation.ts'],
  'pace.ts': ['simulation.ts'],
}

/** Libraries that only one room may know; of the two programs each reads its own options. */
const HOMES: { readonly [library: string]: string | readonly string[] } = {
  kysely: 'store',
  mysql2: 'store',
  amqplib: 'broker',
  smqp: 'broker',
  express: 'http',
  'express-rate-limit': 'http',
  helmet: 'http',
  commander: ['cli', 'klugman'],
  'stream-json': 'dump',
  'stream-chain': 'dump',
  'js-yaml': 'config',
  pino: 'runtime',
  'prom-client': 'observe',
  undici: 'runtime',
  '@aws-sdk/client-s3': 'objects',
  '@aws-sdk/s3-request-presigner': 'objects',
  ws: ['heka', 'ship'],
}

/** Node's modules that pure folders must not touch. */
const IMPURE = /^node:(fs|net|http|https|child_process|timers|process|os|dns|tls|sqlite|worker_threads)/
const PURE = [
  'domain',
  'text',
  'formats',
  'timex',
  'distiller',
  'streams',
  'usage',
  'starter',
  'ship/log-sets',
  'status/tree',
  'heka/matcher',
]
const isPure = (file: string) => PURE.some((folder) => file.startsWith(`${folder}/`))

type Import = { readonly file: string; readonly folder: string; readonly target: string }

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}

/** Returns what a file imports, dynamic imports too, as it is written there. */
function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] as string)
}

const files = filesBelow(SRC)
const imports: Import[] = files.flatMap((path) => {
  const file = relative(SRC, path)
  return importsOf(path).map((target) => {
    const inside = target.startsWith('.') ? relative(SRC, resolve(dirname(path), target)) : target
    return { file, folder: file.split('/')[0] as string, target: inside }
  })
})
const internal = imports.filter(({ target }) => target.endsWith('.ts'))
const external = imports.filter(({ target }) => !target.endsWith('.ts'))

test('every room imports only what its arrows allow, dynamic imports too', () => {
  const wrong = internal.filter(({ folder, target }) => {
    if (target.startsWith(`${folder}/`)) return false
    return !(ARROWS[folder] ?? []).some((arrow) => target === arrow || target.startsWith(`${arrow}/`))
  })
  expect(wrong.map(({ file, target }) => `${file} -> ${target}`)).toEqual([])
})

test('every room has its arrows, and each arrow leads somewhere', () => {
  const rooms = new Set(files.map((path) => relative(SRC, path).split('/')[0]))
  expect([...rooms].sort()).toEqual(Object.keys(ARROWS).sort())
  for (const arrow of Object.values(ARROWS).flat()) expect(existsSync(join(SRC, arrow)), arrow).toBe(true)
})

test('every room of the simulator imports only what its arrows allow, and they lead to rooms before it', () => {
  const roomOf = (file: string) => file.split('/')[1] as string
  const inside = internal.filter(
    ({ folder, target }) => folder === 'notigen' && target.startsWith('notigen/'),
  )
  const wrong = inside.filter(
    ({ file, target }) =>
      roomOf(file) !== roomOf(target) && !SIMULATOR[roomOf(file)]?.includes(roomOf(target)),
  )
  expect(wrong.map(({ file, target }) => `${file} -> ${target}`)).toEqual([])
  const rooms = Object.keys(SIMULATOR)
  expect(readdirSync(join(SRC, 'notigen')).sort()).toEqual([...rooms].sort())
  for (const [room, arrows] of Object.entries(SIMULATOR)) {
    for (const arrow of arrows) expect(rooms.indexOf(arrow), arrow).toBeLessThan(rooms.indexOf(room))
    for (const arrow of arrows) expect(rooms).toContain(arrow)
  }
})

test('log sets know words only', () => {
  const wrong = internal.filter(
    ({ file, target }) =>
      file.startsWith('ship/log-sets/') &&
      ![...WORDS, 'ship/log-sets'].some((room) => target.startsWith(`${room}/`)),
  )
  expect(wrong).toEqual([])
})

test('each library has one home', () => {
  const wrong = external.filter(({ folder, target }) => {
    const home = Object.entries(HOMES).find(
      ([library]) => target === library || target.startsWith(`${library}/`),
    )
    return home !== undefined && ![home[1]].flat().includes(folder)
  })
  expect(wrong).toEqual([])
})

test('pure folders touch no system', () => {
  const wrong = external.filter(({ file, target }) => isPure(file) && IMPURE.test(target))
  expect(wrong).toEqual([])
  const readers = files.filter(
    (path) =>
      isPure(relative(SRC, path)) &&
      /\b(process\.|setTimeout|setInterval|Date\.now|Math\.random|performance\.)/.test(
        readFileSync(path, 'utf8'),
      ),
  )
  expect(readers).toEqual([])
})

test('the sandbox knows nothing of the tests', () => {
  const sandbox = resolve(SRC, '../sandbox')
  const own = readdirSync(sandbox, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.'))
    .flatMap((one) => (one.isDirectory() ? filesBelow(join(sandbox, one.name)) : [join(sandbox, one.name)]))
  const wrong = own.filter(
    (path) => path.endsWith('.ts') && importsOf(path).some((target) => target.includes('../test/')),
  )
  expect(wrong).toEqual([])
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
