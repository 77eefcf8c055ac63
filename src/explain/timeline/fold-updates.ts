import type { EventEntry, FoldedEntry } from '../../formats/timeline.ts'
import { netChanges } from './changes.ts'

/** Events that only report the state of a resource: two thirds of those of Nova. */
const UPDATE = /[._]update$/

/**
 * Folds updates of one type that follow each other into one entry, with what they changed in the end. Failures are
 * never folded.
 */
export function foldUpdates(entries: readonly EventEntry[]): (EventEntry | FoldedEntry)[] {
  const folded: (EventEntry | FoldedEntry)[] = []
  let run: EventEntry[] = []
  const close = () => {
    const [only] = run
    if (only) folded.push(run.length === 1 ? only : foldedEntry(run, only))
    run = []
  }
  for (const entry of entries) {
    const isUpdate = UPDATE.test(entry.event_type) && !entry.is_failure
    if (!isUpdate || run[0]?.event_type !== entry.event_type) close()
    if (isUpdate) run.push(entry)
    else folded.push(entry)
  }
  close()
  return folded
}

function foldedEntry(run: readonly EventEntry[], first: EventEntry): FoldedEntry {
  return {
    kind: 'folded',
    at: first.at,
    until: (run.at(-1) as EventEntry).at,
    event_type: first.event_type,
    count: run.length,
    changes: netChanges(run.map(({ changes }) => changes)),
  }
}
