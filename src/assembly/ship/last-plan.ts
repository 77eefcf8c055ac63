import { readFile } from 'node:fs/promises'
import { messageOf } from '../../domain/errors.ts'
import { writeWholeFile } from '../../runtime/write-whole-file.ts'
import type { ReceivedPlan } from '../../ship/central/server-link.ts'

/** Reads the last good plan of a server; undefined where there is none that can be read. */
export async function readLastPlan(file: string): Promise<ReceivedPlan | undefined> {
  try {
    const plan: unknown = JSON.parse(await readFile(file, 'utf8'))
    return typeof plan === 'object' && plan !== null ? (plan as ReceivedPlan) : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw new Error(`cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
}

/** Keeps a plan for a start without the server; readable by its owner only. */
export function keepPlan(file: string, plan: ReceivedPlan): Promise<void> {
  return writeWholeFile(file, JSON.stringify(plan))
}
