import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { joinModules } from './join-modules.ts'

/** A file of the page, packed once. */
export type PageFile = {
  readonly type: string
  readonly bytes: Buffer
  readonly packed: Buffer
  readonly etag: string
}

const TYPES: { readonly [extension: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const PAGE = join(import.meta.dirname, 'page')
/** The one file that is no address of its own: every view has it. */
export const SHELL = '/ui/index.html'

/** What is taken of libraries: modules that import each other by relative paths, so that no import map is needed. */
const LIBRARIES = {
  'lit-html': ['lit-html.js', 'directive.js', 'directive-helpers.js', 'directives/repeat.js'],
  uplot: ['dist/uPlot.iife.min.js', 'dist/uPlot.min.css'],
} as const

/**
 * Reads all files of the page by their addresses; its modules are one file, `/ui/page.js`. Nothing else is ever served: no
 * name is looked up on disk.
 */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const own = readdirSync(PAGE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(PAGE, join(entry.parentPath, entry.name)))
    .sort()
  const textOf = (path: string) => readFileSync(join(PAGE, path), 'utf8')
  const modules = own.filter((path) => path.endsWith('.js')).map((path) => ({ path, text: textOf(path) }))
  const others = own.filter((path) => !path.endsWith('.js'))
  const taken = Object.entries(LIBRARIES).flatMap(([library, files]) =>
    files.map((file) => [`lib/${library}/${file}`, join(folderOf(library), file)] as const),
  )
  return new Map(
    [
      ['page.js', joinModules(modules)] as const,
      ...others.map((path) => [path, textOf(path)] as const),
      // The maps of libraries are not served.
      ...taken.map(
        ([path, file]) =>
          [path, readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '')] as const,
      ),
    ].map(([path, text]) => [`/ui/${path}`, fileOf(path, text)]),
  )
}

function fileOf(path: string, text: string): PageFile {
  const bytes = Buffer.from(text)
  return {
    type: TYPES[extname(path)] ?? 'application/octet-stream',
    bytes,
    packed: gzipSync(bytes, { level: 9 }),
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
  }
}

/** Returns the folder of an installed package; what it exports lies somewhere below. */
function folderOf(library: string): string {
  let folder = dirname(createRequire(import.meta.url).resolve(library))
  while (!folder.endsWith(`/node_modules/${library}`)) {
    const above = dirname(folder)
    if (above === folder) throw new Error(`${library} is not installed in node_modules`)
    folder = above
  }
  return folder
}
