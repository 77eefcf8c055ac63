import { resolve } from 'node:path'
import { messageOf } from '../../domain/errors.ts'
import { readTlsFiles, type TlsFiles } from '../../runtime/tls-files.ts'
import type { ConfigDocument } from '../documents/yaml-document.ts'
import { databaseAddress, databaseUrlFault } from '../load/server-url.ts'
import type { WinchesterSettings } from '../schemas/winchester-schema.ts'
import type { Findings } from './findings.ts'
import { openKeyFault } from './open-key-file.ts'

type Context = { readonly mode: 'load' | 'check'; readonly findings: Findings }

/** Finds faults of database.url. Paths of its certificates are relative to `folder`. */
export async function checkDatabaseUrl(
  { document, value }: { readonly document: ConfigDocument; readonly value: WinchesterSettings },
  folder: string,
  { mode, findings }: Context,
): Promise<void> {
  const { url } = value.database
  const path = ['database', 'url']
  const position = document.positionOf(path)
  const parsed = databaseAddress(url)
  // A machine that only tests a configuration need not have its certificates.
  const tls = mode === 'check' ? parsed?.address.tls : undefined
  const fault = databaseUrlFault(url) ?? (tls && (await tlsFault(tls, folder)))
  if (fault) findings.error('url', path, `url: ${fault}`, position)
  const openKey = tls?.key && (await openKeyFault(resolve(folder, tls.key)))
  if (openKey) {
    findings.add({ severity: 'warning', code: 'open-secret', path, message: `url: ${openKey}`, position })
  }
  for (const unused of parsed?.unused ?? []) {
    const message = `url: ${unused}`
    findings.add({ severity: 'warning', code: 'unused', path, message, position })
  }
}

function tlsFault(files: TlsFiles, folder: string): Promise<string | undefined> {
  return readTlsFiles(files, folder).then(() => undefined, messageOf)
}
