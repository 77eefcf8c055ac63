import { type FileFacts, fileFactsOf } from '../../archive/reader/file-facts.ts'
import { findFiles } from '../../archive/reader/find-files.ts'
import { shownFacts } from '../../archive/reader/listed-file.ts'
import { formatIso } from '../../domain/time.ts'
import { stringifyJson } from '../../text/json.ts'
import { print } from '../program.ts'
import { grouped } from '../terminal/grouped.ts'
import { formatTable } from '../terminal/table.ts'

const HEADERS = ['File', 'Form', 'MB', 'Records', 'First', 'Last', 'Types', 'SHA-256']

/** Prints what is known of files. */
export async function listFiles(paths: readonly string[], asJson: boolean): Promise<void> {
  const rows: string[][] = []
  for (const file of await findFiles(paths)) {
    const facts = await fileFactsOf(file)
    if (asJson) await print(`${stringifyJson(shownFacts(facts))}\n`)
    else rows.push(rowOf(facts))
  }
  if (!asJson) await print(`${formatTable(HEADERS, rows, { width: process.stdout.columns })}\n`)
}

function rowOf(facts: FileFacts): string[] {
  const { file, form, compression, bytes, records, first, last, types, sha256, isUnfinished } = facts
  return [
    file,
    [form, ...(compression === 'none' ? [] : [compression]), ...(isUnfinished ? ['being written'] : [])].join(
      ', ',
    ),
    (bytes / 1e6).toFixed(1),
    grouped(records),
    first === null ? '' : formatIso(first),
    last === null ? '' : formatIso(last),
    String(Object.keys(types).length),
    sha256.slice(0, 12),
  ]
}
