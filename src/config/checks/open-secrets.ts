import { stat } from 'node:fs/promises'
import type { Position } from '../../domain/errors.ts'
import { isSecretName } from '../../text/secret-names.ts'
import type { IniSection } from '../documents/ini-document.ts'
import { type ConfigDocument, type DocumentPath, memberOf } from '../documents/yaml-document.ts'
import type { Problems } from './problems.ts'

/** `scheme://user:password@…` */
const URL_WITH_PASSWORD = /^\w+:\/\/[^/@\s:]*:[^/@\s]+@/

/**
 * Finds secrets in a file, below a path, that other users can read and that do not come from the environment.
 */
export async function findOpenSecrets(
  document: ConfigDocument,
  below: DocumentPath,
  problems: Problems,
): Promise<void> {
  const found = [...literalSecrets(memberOf(document.value, below), below)]
  const [first] = found
  if (!first) return
  const { file } = document.positionOf(first)
  if (!(await isOpen(file))) return
  for (const path of found) problems.add(findingAt(path, document.positionOf(path)))
}

/** Finds such secrets in the sections of a yagi.conf. */
export async function findOpenIniSecrets(
  sections: ReadonlyMap<string, IniSection>,
  problems: Problems,
): Promise<void> {
  const found = [...sections].flatMap(([section, { entries }]) =>
    [...entries]
      .filter(([key, { value }]) => isLiteralSecret(value, isSecretName(key)) && value !== PUBLIC_PASSWORD)
      .map(([key, { position }]) => ({ path: [section, key], position })),
  )
  const [first] = found
  if (!first || !(await isOpen(first.position.file))) return
  for (const { path, position } of found) problems.add(findingAt(path, position))
}

/** RabbitMQ's own account, which everyone knows and which works from the same machine only. */
const PUBLIC_PASSWORD = 'guest'

/** Whether others than its owner can read a file. */
async function isOpen(file: string): Promise<boolean> {
  const { mode } = await stat(file)
  return (mode & 0o077) !== 0
}

function findingAt(path: DocumentPath, position: Position) {
  const message = `${path.at(-1)}: a secret in a file that others can read; take it from the environment (\${NAME}) or chmod 600 the file`
  return { severity: 'warning', code: 'open-secret', path, message, position } as const
}

/** Whether a text is a secret, or a URL with one, that does not come from the environment. */
function isLiteralSecret(text: string, isSecret: boolean): boolean {
  return (isSecret || URL_WITH_PASSWORD.test(text)) && text !== '' && !text.includes('${')
}

function* literalSecrets(value: unknown, path: DocumentPath): Generator<DocumentPath> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key]
    if (typeof inner === 'string') {
      if (isLiteralSecret(inner, isSecretName(key) || isToken(at))) yield at
    } else yield* literalSecrets(inner, at)
  }
}

/** Whether a path is that of a token, such as `api.tokens.read`. */
function isToken(path: DocumentPath): boolean {
  return path[1] === 'tokens' && !String(path[2]).endsWith('_file')
}
