import { InvalidError, messageOf, StackTachError } from '../domain/errors.ts'
import { readTexts } from '../runtime/read-texts.ts'
import type { DumpCounts } from '../store/copy/dump.ts'
import type { Restore } from '../store/copy/restore.ts'
import { requireRunning } from './dump-file.ts'
import { parseDumpedEvent, parseDumpedStream } from './dump-form.ts'
import { readSections } from './read-sections.ts'
import type { SectionItem } from './section-reader.ts'

/** Items per transaction. */
const EVENTS_AT_A_TIME = 1000
const STREAMS_AT_A_TIME = 200

/**
 * Imports a dump into an empty database and keeps its ids. Returns the counts of the database.
 *
 * Throws InvalidError for a faulty file, and StackTachError when the database does not hold as much as the
 * file or the signal aborts. After any failure the database is empty again.
 *
 * @example
 * const restore = await openRestore(database, indexed, false)
 * const { events, streams } = await importDatabase('dump.json.gz', restore, signal, () => {})
 */
export async function importDatabase(
  file: string,
  restore: Restore,
  signal: AbortSignal,
  onProgress: (done: DumpCounts) => void,
): Promise<DumpCounts> {
  const report = (done: DumpCounts) => {
    requireRunning(signal)
    onProgress(done)
  }
  try {
    const done = { events: 0, streams: 0 }
    const isComplete = await addSections(file, ['event_types', 'events', 'streams'], restore, done, report)
    // Streams refer to events: those that came before the events are read in a second pass.
    if (!isComplete) await addSections(file, ['streams'], restore, done, report)
    const counts = await restore.counts()
    if (counts.events === done.events && counts.streams === done.streams) {
      await restore.finish()
      return counts
    }
    throw new StackTachError(
      'internal',
      `the database holds ${counts.events} events and ${counts.streams} streams, the file ${done.events} and ${done.streams}`,
    )
  } catch (error) {
    await restore.undo()
    if (!(error instanceof InvalidError)) throw error
    throw new InvalidError(`${file}: ${error.message}`, { cause: error })
  }
}

/** Imports these sections. Returns whether all streams came after all events. */
async function addSections(
  file: string,
  sections: readonly string[],
  restore: Restore,
  done: { events: number; streams: number },
  onProgress: (done: DumpCounts) => void,
): Promise<boolean> {
  const events = gather(EVENTS_AT_A_TIME, parseDumpedEvent, restore.addEvents)
  const streams = gather(STREAMS_AT_A_TIME, parseDumpedStream, restore.addStreams)
  const types = gather(EVENTS_AT_A_TIME, parseType, restore.addEventTypes)
  let isEarly = false
  let areEventsRead = !sections.includes('events')
  for await (const item of readSections(readTexts(file), new Set(sections))) {
    if (item.section === 'event_types') await types.add(item)
    else if (item.section === 'events') {
      areEventsRead = true
      await events.add(item)
      done.events++
    } else if (!areEventsRead) isEarly = true
    else {
      await events.flush()
      await streams.add(item)
      done.streams++
    }
    onProgress(done)
  }
  for (const one of [types, events, streams]) await one.flush()
  if (isEarly && file === '-')
    throw new InvalidError('the streams stand before the events; give a file instead of standard input')
  return !isEarly
}

/** Parses the items of a list and stores them in batches. Errors name the place of the item. */
function gather<T>(size: number, parse: (item: unknown) => T, store: (items: readonly T[]) => Promise<void>) {
  let items: T[] = []
  let first = 0
  async function flush(): Promise<void> {
    if (items.length === 0) return
    const portion = items
    items = []
    try {
      await store(portion)
    } catch (error) {
      const where = `items ${first} to ${first + portion.length - 1}`
      throw error instanceof StackTachError
        ? error
        : new InvalidError(`${where}: ${messageOf(error)}`, { cause: error })
    }
  }
  return {
    flush,
    async add({ section, index, item }: SectionItem): Promise<void> {
      if (items.length === 0) first = index
      try {
        items.push(parse(item))
      } catch (error) {
        throw new InvalidError(`${section}[${index}]: ${messageOf(error)}`, { cause: error })
      }
      if (items.length >= size) await flush()
    },
  }
}

function parseType(item: unknown): string {
  if (typeof item === 'string' && item !== '') return item
  throw new InvalidError('expected the name of an event type')
}
