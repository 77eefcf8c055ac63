import { resolve } from 'node:path'
import { messageOf } from '../../domain/errors.ts'
import { readTlsFiles } from '../../runtime/tls-files.ts'
import type { ConfigDocument } from '../documents/yaml-document.ts'
import type { WinchesterSettings } from '../schemas/winchester-schema.ts'
import type { Findings } from './findings.ts'
import { openKeyFault } from './open-key-file.ts'

/** Finds faults of the certificates of `outgoing`. Their paths are relative to `folder`. */
export async function checkOutgoing(
  { document, value }: { readonly document: ConfigDocument; readonly value: WinchesterSettings },
  folder: string,
  { mode, findings }: { readonly mode: 'load' | 'check'; readonly findings: Findings },
): Promise<void> {
  // A machine that only tests a configuration need not have its certificates.
  if (mode !== 'check') return
  const { ca, cert, key } = value.outgoing
  const path = ['outgoing']
  const position = document.positionOf(path)
  const fault = await readTlsFiles({ ca, cert, key }, folder).then(() => undefined, messageOf)
  if (fault) findings.error('tls', path, fault, position)
  const openKey = key && (await openKeyFault(resolve(folder, key)))
  if (openKey) findings.add({ severity: 'warning', code: 'open-secret', path, message: openKey, position })
}
