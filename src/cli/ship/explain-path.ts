import { lstat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { placedSets } from '../../assembly/ship/work-of.ts'
import type { ShipConfig } from '../../config/load/load-ship.ts'
import { messageOf } from '../../domain/errors.ts'
import { expandZones } from '../../ship/agent/expand-zones.ts'
import { decide, type FileFacts } from '../../ship/log-sets/decide.ts'
import { type DecisionForm, decisionForm } from '../../ship/log-sets/decision-form.ts'
import type { PlacedSet } from '../../ship/log-sets/select-sets.ts'
import { printNote } from '../program.ts'

/**
 * Returns what each log set of this host makes of a file. A log set in whose root or folders it does not lie is left out
 * when another has it.
 */
export async function explainPath(config: ShipConfig, path: string, now: number): Promise<DecisionForm[]> {
  const full = resolve(path)
  const facts = await factsOf(full)
  const placed = expandZones(placedSets(config))
  const forms = placed.flatMap((one) => {
    const inside = pathInRoot(full, one)
    return inside === undefined ? [] : [{ inside, one }]
  })
  const lookup = (uuid: string) =>
    Object.hasOwn(config.customers, uuid) ? config.customers[uuid] : undefined
  const decided = forms.map(({ inside, one }) => {
    const decision = decide(one.set, { ...facts, path: inside }, one.place, now, lookup)
    const isFound = isBelow(inside, one)
    if (isFound || decision.verdict === 'no_match') return decisionForm(full, one.name, decision)
    const error = `it lies in none of search_dirs: ${one.set.searchDirs.join(', ')}`
    return decisionForm(
      full,
      one.name,
      { ...decision, isDeleteDue: false, upload: false, error },
      'not_found',
    )
  })
  if (decided.length > 0) return decided
  const none = { verdict: 'no_match', upload: false, isDeleteDue: false } as const
  return [decisionForm(full, null, { ...none, error: 'no log set applies to where it lies' })]
}

/** Returns a path without the root of a log set; undefined when it lies elsewhere. */
function pathInRoot(path: string, { root }: PlacedSet): string | undefined {
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined
}

/** Returns whether files of this path are found: the folders of a pattern are not looked up. */
function isBelow(path: string, { set }: PlacedSet): boolean {
  if (set.searchPattern !== undefined) return true
  return set.searchDirs
    .map((dir) => resolve(dir))
    .some((dir) => path === dir || path.startsWith(dir === '/' ? dir : `${dir}/`))
}

async function factsOf(path: string): Promise<Omit<FileFacts, 'path'>> {
  try {
    const { mtimeNs, size } = await lstat(path, { bigint: true })
    return { mtime: Number(mtimeNs / 1_000_000n), size: Number(size) }
  } catch (error) {
    printNote(`note: ${messageOf(error)}; it is taken as an old file that is not empty`)
    return { mtime: undefined, size: undefined }
  }
}
