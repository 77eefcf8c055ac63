import { StackTachError } from '../domain/errors.ts'
import { type DumpCounts, readDump } from '../store/copy/dump.ts'
import type { OpenDatabase } from '../store/dialect.ts'
import { stringifyJson } from '../text/json.ts'
import type { DumpSink } from './dump-file.ts'
import { dumpedEvent, dumpedStream } from './dump-form.ts'

/**
 * Writes a snapshot of a database as one JSON object, one item per line. Returns the counts of what was
 * written.
 *
 * @example
 * await writeDumpFile('dump.json.gz', signal, async (sink) => {
 *   await exportDatabase(database, sink, (done, all) => report(done, all))
 * })
 */
export function exportDatabase(
  database: OpenDatabase,
  sink: DumpSink,
  onProgress: (done: DumpCounts, all: DumpCounts) => void,
): Promise<DumpCounts> {
  return readDump(database, async (dump) => {
    const done = { events: 0, streams: 0 }
    await sink.write(`{"event_types": ${JSON.stringify(await dump.eventTypes())},\n"events": [`)
    for await (const events of dump.events()) {
      await sink.write(linesOf(events.map(dumpedEvent), done.events === 0))
      done.events += events.length
      onProgress(done, dump.counts)
    }
    await sink.write('\n],\n"streams": [')
    for await (const streams of dump.streams()) {
      await sink.write(linesOf(streams.map(dumpedStream), done.streams === 0))
      done.streams += streams.length
      onProgress(done, dump.counts)
    }
    await sink.write('\n]}\n')
    requireAll(done, dump.counts)
    return done
  })
}

function requireAll(done: DumpCounts, all: DumpCounts): void {
  if (done.events === all.events && done.streams === all.streams) return
  const [found, expected] = [done, all].map(
    ({ events, streams }) => `${events} events and ${streams} streams`,
  )
  throw new StackTachError('internal', `${found} were read of ${expected}`)
}

function linesOf(items: readonly object[], isFirst: boolean): string {
  return `${isFirst ? '' : ','}\n${items.map(stringifyJson).join(',\n')}`
}
