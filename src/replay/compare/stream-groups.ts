import type { Stream } from '../../domain/stream.ts'
import { canonicalTraits, type DistinguishingTraits } from '../../domain/trait.ts'
import type { Queries, StreamFilter } from '../../store/ports/queries.ts'

/** All streams of one key, in order of their ids. */
export type StreamGroup = {
  readonly name: string
  readonly traits: DistinguishingTraits
  readonly streams: readonly Stream[]
}

/** The times whose streams are wanted: those that have an event after `from` and one before `to`. */
export type Times = Pick<StreamFilter, 'olderThan' | 'youngerThan'>

const PAGE = 500
/** Streams of one key that are compared at most. */
const MOST = 10_000

/** Yields the streams of a store by key, each key once, of which at least one stream is of these times. */
export async function* streamGroups(
  store: Pick<Queries, 'listStreams'>,
  times: Times = {},
): AsyncGenerator<StreamGroup> {
  for (let mark: number | undefined; ; ) {
    const streams = await store.listStreams(times, {
      limit: PAGE,
      mark,
      ascending: true,
      mayMissNewest: true,
    })
    for (const stream of streams) {
      const { name, distinguishingTraits: traits } = stream
      const group = await streamsOfKey(store, stream)
      // The first stream of the key stands for all of them.
      if (group.find((one) => isOf(one, times))?.id === stream.id) yield { name, traits, streams: group }
    }
    mark = streams.at(-1)?.id
    if (mark === undefined) return
  }
}

/** Returns all streams with the key of this one, in order of their ids. */
export async function streamsOfKey(
  store: Pick<Queries, 'listStreams'>,
  { name, distinguishingTraits }: Pick<Stream, 'name' | 'distinguishingTraits'>,
): Promise<Stream[]> {
  const traits = Object.entries(distinguishingTraits).map(([trait, value]) => ({
    name: trait,
    values: [value],
  }))
  const page = { limit: MOST, mark: undefined, ascending: true, mayMissNewest: true }
  const key = canonicalTraits(distinguishingTraits)
  // A trigger may have distinguished by more traits before.
  return (await store.listStreams({ name, traits }, page)).filter(
    (stream) => canonicalTraits(stream.distinguishingTraits) === key,
  )
}

function isOf(
  { firstEvent, lastEvent }: Stream,
  { olderThan = Infinity, youngerThan = -Infinity }: Times,
): boolean {
  return firstEvent < olderThan && lastEvent > youngerThan
}
