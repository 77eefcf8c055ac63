import { findFiles } from '../../archive/reader/find-files.ts'
import { type FileVerdict, verifyFile } from '../../archive/reader/verify-file.ts'
import { MICROS_PER_HOUR, MICROS_PER_SECOND } from '../../domain/time.ts'
import { stringifyJson } from '../../text/json.ts'
import { print } from '../program.ts'
import { grouped } from '../terminal/grouped.ts'
import { StatusLine } from '../terminal/status-line.ts'
import type { StoredCheck } from './stored-check.ts'

/** Checks files and prints what is wrong with each. Returns whether nothing is. */
export async function verifyFiles(
  paths: readonly string[],
  check: StoredCheck | undefined,
  asJson: boolean,
): Promise<boolean> {
  let isGood = true
  const line = new StatusLine()
  for (const file of await findFiles(paths)) {
    line.show(() => `reading ${file}`)
    const verdict = await verifyFile(file, check && ((records) => check.add(records)))
    line.clear()
    isGood &&= verdict.faults.length === 0
    await print(asJson ? `${stringifyJson(jsonOf(verdict))}\n` : describe(verdict))
  }
  if (!check) return isGood
  const found = await check.end()
  await print(asJson ? `${stringifyJson(found)}\n` : check.describe(found))
  return isGood && found.missing === 0
}

function jsonOf({ latestBy, ...verdict }: FileVerdict): object {
  return { ...verdict, ok: verdict.faults.length === 0, latest_by_s: latestBy / MICROS_PER_SECOND }
}

function describe({ file, records, unread, faults, late, latestBy }: FileVerdict): string {
  const facts = [`${grouped(records)} records`]
  if (unread > 0) facts.push(`${grouped(unread)} of them without a time`)
  if (late > 0) {
    const by = latestBy / MICROS_PER_SECOND
    const disorder = latestBy > MICROS_PER_HOUR ? ' (wild disorder: more than an hour)' : ''
    facts.push(`${grouped(late)} older than one before, by ${by.toFixed(1)} s at most${disorder}`)
  }
  const head = `${file}: ${faults.length === 0 ? 'good' : 'BROKEN'}, ${facts.join(', ')}\n`
  return head + faults.map((fault) => `  ${fault}\n`).join('')
}
