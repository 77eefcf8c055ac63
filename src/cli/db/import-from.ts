import { stopSignal } from '../../assembly/daemon.ts'
import { createStore, indexedTraits } from '../../assembly/open-store.ts'
import type { Config } from '../../config/load/config.ts'
import { StackTachError } from '../../domain/errors.ts'
import { importWinchester, type WinchesterImport } from '../../dump/import-winchester.ts'
import { readSecret } from '../../runtime/read-secret.ts'
import type { DumpCounts } from '../../store/copy/dump.ts'
import { openRestore } from '../../store/copy/restore.ts'
import { openWinchester, type Winchester } from '../../store/copy/winchester/open-winchester.ts'
import type { OpenDatabase } from '../../store/dialect.ts'
import { print } from '../program.ts'
import { grouped } from '../terminal/grouped.ts'
import { StatusLine } from '../terminal/status-line.ts'

export type FromOptions = {
  readonly from: string
  readonly passwordFile?: string
  readonly restart?: true
}

/** Moves a database of StackTach.v3 into the open one, whose schema is current, and prints what was compared. */
export async function importFrom(
  database: OpenDatabase,
  config: Config,
  options: FromOptions,
): Promise<void> {
  const signal = stopSignal()
  const source = await openWinchester(await addressOf(options))
  try {
    const indexed = indexedTraits(config.triggers, config.winchester.indexed_traits)
    const restore = await openRestore(database, indexed, options.restart ? 'restart' : 'resume')
    const queries = await createStore(database, config)
    const line = new StatusLine()
    const show = (done: DumpCounts) => line.show(() => progressOf(done, source))
    const moving = importWinchester(source, { restore, queries }, signal, show)
    const moved = await moving.finally(() => line.clear())
    await tell(moved)
  } catch (error) {
    if (!signal.aborted) throw error
    throw new StackTachError('io', 'the import was interrupted; the same command goes on with it')
  } finally {
    await source.close()
  }
}

/** Returns the URL of the database with the password of the file, if one is given. */
async function addressOf({ from, passwordFile }: FromOptions): Promise<string> {
  if (!/^(mysql|mariadb)(\+\w+)?:\/\//.test(from))
    throw new StackTachError('config', '--from: expected mysql://USER@HOST[:PORT]/NAME')
  if (passwordFile === undefined) return from
  const password = encodeURIComponent(await readSecret(passwordFile))
  const [, scheme, user, rest] = /^(\w+(?:\+\w+)?:\/\/)([^:@/]+)(?::[^@/]*)?@(.*)$/.exec(from) ?? []
  if (user === undefined)
    throw new StackTachError('config', '--password-file needs a user in --from: mysql://USER@HOST/NAME')
  return `${scheme}${user}:${password}@${rest}`
}

function progressOf({ events, streams }: DumpCounts, { counts }: Winchester): string {
  return `${grouped(events)} of ${grouped(counts.events)} events, ${grouped(streams)} of ${grouped(counts.streams)} streams`
}

async function tell({ counts, memberships, compared, leftOut }: WinchesterImport): Promise<void> {
  const { events, streams } = counts
  await print(
    `imported ${grouped(events)} events and ${grouped(streams)} streams with ${grouped(memberships)} events in them, as many as --from has\n`,
  )
  await print(
    `compared ${grouped(compared.events)} events and ${grouped(compared.streams)} streams: the same\n`,
  )
  if (leftOut.events > 0)
    await print(`left out ${grouped(leftOut.events)} events without a message_id, a time or a type\n`)
  if (leftOut.traits > 0)
    await print(`left out ${grouped(leftOut.traits)} traits without a value of their type\n`)
}
