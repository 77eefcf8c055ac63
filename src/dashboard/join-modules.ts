/** A module of the page: its path below the page's folder, and its text. */
export type PageModule = { readonly path: string; readonly text: string }

const IMPORT = /^import \{([^}]*)\} from '([^']+)'\n/gm
const EXPORT = /^export ((?:async )?function|class|const) (\w+)/gm
const LATE_IMPORT = /import\('([^']+)'\)/g

/**
 * Joins the modules of the page into one, which packs a third smaller and is loaded in one request. Each keeps a scope of its
 * own; modules below `lib/` are still imported. Comments and indentation are left out. The modules import names in braces,
 * export declarations, and do not import each other in circles; anything else throws.
 */
export function joinModules(modules: readonly PageModule[]): string {
  const texts = new Map(modules.map(({ path, text }) => [path, slim(text)]))
  const libraries = new Map<string, string>()
  const joined: string[] = []
  const done = new Set<string>()
  const begun = new Set<string>()

  function add(path: string): void {
    if (done.has(path)) return
    const text = texts.get(path)
    if (text === undefined) throw new Error(`the page has no module ${path}`)
    if (begun.has(path)) throw new Error(`modules of the page import each other in a circle: ${path}`)
    begun.add(path)
    const from = (target: string) => new URL(target, `file:///${path}`).pathname.slice(1)
    const lines = [...text.matchAll(IMPORT)].map(([, names = '', target = '']) => {
      const of = from(target)
      if (!of.startsWith('lib/')) add(of)
      return `const {${names}} = ${of.startsWith('lib/') ? libraryOf(of) : nameOf(of)}\n`
    })
    const late = text.replace(LATE_IMPORT, (_, target: string) => {
      add(from(target))
      return `Promise.resolve(${nameOf(from(target))})`
    })
    const exported = [...text.matchAll(EXPORT)].map(([, , name]) => name)
    const body = late.replace(IMPORT, '').replace(EXPORT, '$1 $2')
    if (/^(?:import|export)\b/m.test(body)) throw new Error(`${path} imports or exports in another form`)
    joined.push(
      `const ${nameOf(path)} = (() => {\n${lines.join('')}${body}return { ${exported.join(', ')} }\n})()\n`,
    )
    done.add(path)
  }

  function libraryOf(path: string): string {
    const known = libraries.get(path) ?? `lib${libraries.size}`
    libraries.set(path, known)
    return known
  }

  for (const { path } of modules) add(path)
  const imports = [...libraries].map(([path, name]) => `import * as ${name} from './${path}'\n`)
  return [...imports, ...joined].join('')
}

function nameOf(path: string): string {
  return `of_${path.replace(/\W/g, '_')}`
}

/** Leaves out comments that have lines of their own, and indentation. */
function slim(text: string): string {
  return text
    .replace(/^[ \t]*\/\*\*[\s\S]*?\*\/\n/gm, '')
    .replace(/^[ \t]*\/\/ .*\n/gm, '')
    .replace(/^[ \t]+/gm, '')
}
