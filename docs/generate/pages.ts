import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { appList, appReference } from './apps.ts'
import { commandReference } from './commands.ts'
import { configurationReference } from './configuration.ts'
import { handlerReference } from './handlers.ts'
import { fillPage } from './markdown.ts'
import { restReference } from './rest-api.ts'
import { ROLE_NAMES, roleVariables } from './roles.ts'

const DOCS = resolve(import.meta.dirname, '..')

type Sections = { readonly [name: string]: string }

/** Pages with parts that are generated, and these parts by the name of their markers. */
const PAGES: { readonly [page: string]: () => Sections | Promise<Sections> } = {
  'handlers.md': () => ({ parameters: handlerReference() }),
  'apps.md': () => ({ apps: appList(), keys: appReference() }),
  'configuration-reference.md': configurationReference,
  'commands.md': async () => ({ commands: await commandReference() }),
  'rest-api.md': restReference,
  ...Object.fromEntries(
    ROLE_NAMES.map((role) => [
      `../ansible/roles/${role}/README.md`,
      () => ({ variables: roleVariables(role) }),
    ]),
  ),
}

export const GENERATED_PAGES = Object.keys(PAGES)

/** Returns where a page is, its text now, and its text with the parts generated anew. */
export async function generatePage(page: string): Promise<{ file: string; text: string; generated: string }> {
  const file = join(DOCS, page)
  const text = await readFile(file, 'utf8')
  const sections = await (PAGES[page] as () => Sections | Promise<Sections>)()
  return { file, text, generated: fillPage(text, sections) }
}
