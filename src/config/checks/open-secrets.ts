import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Position } from '../../domain/errors.ts'
import { maskSecrets } from '../../text/mask-secrets.ts'
import { isSecretName, isSecretParameter, MASK } from '../../text/secret-names.ts'
import type { SectionSchema } from '../../text/section-schema.ts'
import type { IniSection } from '../documents/ini-document.ts'
import { replaceReferences } from '../documents/interpolate.ts'
import type { ConfigDocument, DocumentPath } from '../documents/yaml-document.ts'
import type { Findings } from './findings.ts'

/** A secret in a file, and where it stands there. */
type OpenSecret = { readonly path: DocumentPath; readonly position: Position }

/** Parts of a winchester.yaml whose keys are names of the user's own, for class paths. */
const OWN_NAMES = new Set(['pipeline_handlers', 'distiller_trait_plugins'])

/** The password of RabbitMQ's first account, which everyone knows and which works on its own machine only. */
const PUBLIC_PASSWORD = 'guest'

/** Permissions of users who are neither the owner nor of the group. */
const OTHERS = 0o007
/** Permissions of users who are not the owner. */
const NOT_OWNER = 0o077

/**
 * Adds a warning for each secret in a YAML file that other users can read, unless it comes from the
 * environment. `names` says whether keys are looked at as well as values: those of triggers are names of
 * traits.
 */
export async function findOpenSecrets(
  document: ConfigDocument,
  findings: Findings,
  names: 'names' | 'values' = 'names',
): Promise<void> {
  const paths = [...literalSecrets(document.value, [], names === 'names', false)]
  await warnOf(
    paths.map((path) => ({ path, position: document.positionOf(path) })),
    findings,
  )
  if (names === 'names') await warnOfNamedFiles(document, findings)
}

/**
 * Adds a warning for each secret in an INI file that other users can read, as findOpenSecrets does. `known` has
 * the keys of the sections by kind: numbers and flags are no secrets.
 */
export async function findOpenSecretsOfIni(
  sections: ReadonlyMap<string, IniSection>,
  known: { readonly [kind: string]: SectionSchema },
  findings: Findings,
): Promise<void> {
  const found = [...sections].flatMap(([section, { entries }]) =>
    [...entries].flatMap(([key, { value, position }]): OpenSecret[] => {
      const type = known[kindOf(section)]?.[key]?.type ?? 'string'
      const isNamed = type === 'string' && isSecretParameter(key)
      const isSecret = (isNamed && hasOwnText(value)) || isSecretValue(key, value)
      return isSecret ? [{ path: [section, key], position }] : []
    }),
  )
  await warnOf(found, findings)
}

/** Adds a warning for each file of tokens of the API that its owner is not alone to read: `api` refuses it. */
async function warnOfNamedFiles(document: ConfigDocument, findings: Findings): Promise<void> {
  for (const name of ['read_file', 'write_file']) {
    const path = ['api', 'tokens', name]
    const file = path.reduce<unknown>(
      (value, key) => (value as { [key: string]: unknown } | undefined)?.[key],
      document.value,
    )
    if (typeof file !== 'string' || !hasOwnText(file)) continue
    const position = document.positionOf(path)
    const mode = await stat(resolve(dirname(position.file), file)).then(
      (found) => found.mode,
      () => 0,
    )
    if ((mode & NOT_OWNER) === 0) continue
    const message = `${name}: ${file} can be read by others, and the API does not start with it; chmod 600 the file`
    findings.add({ severity: 'warning', code: 'open-secret', path, message, position })
  }
}

async function warnOf(found: readonly OpenSecret[], findings: Findings): Promise<void> {
  const modes = new Map<string, number>()
  for (const { path, position } of found) {
    const { file } = position
    const mode = modes.get(file) ?? (await stat(file)).mode
    modes.set(file, mode)
    if ((mode & OTHERS) === 0) continue
    const last = path.at(-1)
    const name = typeof last === 'number' ? `entry ${last + 1} of ${path.at(-2)}` : last
    const message = `${name}: a secret in a file that others can read; chmod 640 the file, or take the secret from the environment (\${NAME})`
    findings.add({ severity: 'warning', code: 'open-secret', path, message, position })
  }
}

function* literalSecrets(
  value: unknown,
  path: DocumentPath,
  looksAtNames: boolean,
  isInSecret: boolean,
): Generator<DocumentPath> {
  const key = String(path.at(-1) ?? '')
  if (typeof value === 'object' && value !== null) {
    if (path.length === 1 && OWN_NAMES.has(key)) return
    const isSecret = isInSecret || (looksAtNames && isSecretName(key))
    for (const [name, inner] of Object.entries(value)) {
      const at = [...path, Array.isArray(value) ? Number(name) : name]
      const isOfOption = Array.isArray(value) && isSecretOption(value[Number(name) - 1], inner)
      yield* literalSecrets(inner, at, looksAtNames, isSecret || isOfOption)
    }
  } else if (typeof value === 'string' || typeof value === 'number') {
    // Of `api.tokens` those are no secrets that name a file.
    const isNamed = looksAtNames && (isSecretName(key) || (isInSecret && !key.endsWith('_file')))
    if ((isNamed && hasOwnText(String(value))) || isSecretValue(key, String(value))) yield path
  }
}

/** Whether an item of a list is the value of the option before it: `["tool", "--api-token", "…"]`. */
function isSecretOption(option: unknown, item: unknown): boolean {
  if (typeof option !== 'string' || !/^--[\w-]+$/.test(option) || !isSecretName(option)) return false
  return typeof item === 'string' && !item.startsWith('-')
}

/**
 * Returns whether the value of a secret name stands in the file itself: a text without references to the
 * environment, or the default of one. What stands beside references is not looked at: `Bearer ${TOKEN}`.
 */
function hasOwnText(text: string): boolean {
  const defaults: string[] = []
  let hasReferences = false
  replaceReferences(text, (_, fallback = '') => {
    hasReferences = true
    defaults.push(fallback)
    return ''
  })
  const own = hasReferences ? defaults.join('') : text
  return own !== '' && own !== PUBLIC_PASSWORD
}

/**
 * Returns whether a value is a secret by its form, or the address of a webhook with a key in its path. Looks at
 * the defaults of references to the environment, and not at what only the environment has.
 */
function isSecretValue(key: string, value: string): boolean {
  const written = replaceReferences(value, (_, fallback) => fallback ?? MASK)
  const text = written.replaceAll(`:${PUBLIC_PASSWORD}@`, `:${MASK}@`)
  const hidden = differenceOf(text, maskSecrets(text))
  if (hidden !== '' && !hidden.includes(MASK)) return true
  return hasTokenAsUser(text) || (/url$/i.test(key) && hasKeyInPath(text))
}

/** Returns what a text has from where its masked form differs, up to where both are the same again. */
function differenceOf(text: string, masked: string): string {
  if (text === masked) return ''
  let start = 0
  while (text[start] === masked[start]) start++
  // What is the same at the end lies behind the mask.
  const most = Math.min(text.length - start, masked.length - start - MASK.length)
  let end = 0
  while (end < most && text.at(-1 - end) === masked.at(-1 - end)) end++
  return text.slice(start, text.length - end)
}

/** Whether an address has a token in the place of a user: `https://TOKEN@host`. */
function hasTokenAsUser(value: string): boolean {
  const user = /^https?:\/\/([\w.~-]{16,})@/i.exec(value)?.[1]
  return user !== undefined && /\d/.test(user)
}

/** Returns the kind of a section: `consumer` for [consumer:QUEUE]. */
function kindOf(section: string): string {
  return section.split(':')[0] as string
}

function hasKeyInPath(url: string): boolean {
  const segments = URL.parse(url)?.pathname.split('/') ?? []
  return segments.some(
    (segment) => /^[\w.~-]{20,}$/.test(segment) && /\d/.test(segment) && /[a-z]/i.test(segment),
  )
}
