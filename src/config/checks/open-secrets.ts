import { stat } from 'node:fs/promises'
import { isSecretName } from '../../text/secret-names.ts'
import { type ConfigDocument, type DocumentPath, memberOf } from '../documents/yaml-document.ts'
import type { Findings } from './findings.ts'

/** `scheme://user:password@…` */
const URL_WITH_PASSWORD = /^\w+:\/\/[^/@\s:]*:[^/@\s]+@/

/**
 * Finds secrets in a file, below a path, that other users can read and that do not come from the environment.
 */
export async function findOpenSecrets(
  document: ConfigDocument,
  below: DocumentPath,
  findings: Findings,
): Promise<void> {
  const found = [...literalSecrets(memberOf(document.value, below), below)]
  const [first] = found
  if (!first) return
  const { file } = document.positionOf(first)
  const { mode } = await stat(file)
  if ((mode & 0o077) === 0) return
  for (const path of found) {
    const message = `${path.at(-1)}: a secret in a file that others can read; take it from the environment (\${NAME}) or chmod 600 the file`
    findings.add({
      severity: 'error',
      code: 'open-secret',
      path,
      message,
      position: document.positionOf(path),
    })
  }
}

function* literalSecrets(value: unknown, path: DocumentPath): Generator<DocumentPath> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key]
    if (typeof inner === 'string') {
      const isSecret = isSecretName(key) || isToken(at) || URL_WITH_PASSWORD.test(inner)
      if (isSecret && inner !== '' && !inner.includes('${')) yield at
    } else yield* literalSecrets(inner, at)
  }
}

/** Whether a path is that of a token, such as `api.tokens.read`. */
function isToken(path: DocumentPath): boolean {
  return path[1] === 'tokens' && !String(path[2]).endsWith('_file')
}
