import { closeTargets, openTargets } from '../../assembly/ship/open-targets.ts'
import { messageOf } from '../../domain/errors.ts'
import type { ObjectTarget } from '../../objects/target.ts'
import { type Entry, Journal } from '../../ship/journal.ts'
import { textOfPath } from '../../ship/log-sets/path-text.ts'
import { print } from '../program.ts'
import { StatusLine } from '../terminal/status-line.ts'
import { requireShip } from './ship-check.ts'

type Checked = {
  readonly state: 'same' | 'differs' | 'missing' | 'failed'
  readonly error: string | null
}

/** Compares the objects that the journal has as shipped with the store, and prints what is missing or differs. */
export async function verifyShipped({ config: file, json }: { config: string; json?: true }): Promise<void> {
  const config = await requireShip(file)
  const journal = Journal.openToRead(config.journal)
  const targets = await openTargets(config.targets)
  const byName = new Map(Object.values(targets).map((target) => [target.name, target]))
  const line = new StatusLine()
  let [all, wrong] = [0, 0]
  try {
    for (const entry of journal.stored()) {
      const checked = await check(entry, byName.get(entry.target))
      all++
      if (checked.state !== 'same') wrong++
      line.show(() => `${all} objects compared, ${all - wrong} of them as they were shipped`)
      if (json) await print(`${JSON.stringify(formOf(entry, checked))}\n`)
      else if (checked.state !== 'same') await print(`${entry.target} ${entry.key}: ${checked.error}\n`)
    }
  } finally {
    line.clear()
    await closeTargets(targets)
    journal.close()
  }
  if (!json) await print(`${all - wrong} of ${all} objects are as they were shipped\n`)
  if (wrong > 0) process.exitCode = 1
}

async function check(
  { key, target, size, sha256, md5, object }: Entry,
  store: ObjectTarget | undefined,
): Promise<Checked> {
  if (!store) return { state: 'failed', error: `no target is ${target} any more` }
  try {
    const verified = await store.verify(key, object ?? { size, sha256, md5 })
    if (verified.kind === 'same') return { state: 'same', error: null }
    if (verified.kind === 'missing') return { state: 'missing', error: 'it is missing' }
    return {
      state: 'differs',
      error: `it is another one: ${verified.found}, and not ${object?.sha256 ?? sha256}`,
    }
  } catch (error) {
    return { state: 'failed', error: messageOf(error) }
  }
}

function formOf({ set, path, target, key, size, sha256, state, form }: Entry, checked: Checked): object {
  return {
    ...{ target, key, path: textOfPath(path), set, size, sha256 },
    ...(form ? { form } : {}),
    is_deleted: state === 'deleted',
    ...checked,
  }
}
