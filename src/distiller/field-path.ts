import type { JsonValue } from '../domain/notification.ts'
import { compilePath, type Path } from './path/compile-path.ts'

/** Ceilometer keeps the context of a notification apart; in the message it stands as `_context_NAME`. */
const CONTEXT = /^\s*ctxt\s*\.\s*([A-Za-z_]\w*)/

/** Names that stand for each other in Ceilometer's definitions. */
const SYNONYMS: { readonly [name: string]: readonly string[] } = {
  tenant_id: ['tenant_id', 'project_id', 'tenant'],
  project_id: ['project_id', 'tenant_id', 'tenant'],
}

/** Compiles a field path of a definition; `ctxt.X` reads `_context_X`. Throws PathError. */
export function compileFieldPath(text: string): Path {
  const context = CONTEXT.exec(text)
  const path = compilePath(text)
  if (!context) return path
  const [prefix, name] = context as unknown as [string, string]
  const rest = text.slice(prefix.length)
  const candidates = (SYNONYMS[name] ?? [name]).map((synonym) => compilePath(`_context_${synonym}${rest}`))
  return firstOf(text, [...candidates, path])
}

/** A path that stands for several: those that find nothing are passed over. */
function firstOf(text: string, paths: readonly Path[]): Path {
  const findAll = (document: JsonValue) => {
    for (const path of paths) {
      const found = path.findAll(document)
      if (found.length > 0) return found
    }
    return []
  }
  return { text, findAll, findFirst: (document) => findAll(document)[0]?.value }
}
