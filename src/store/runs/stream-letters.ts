import type { Stream } from '../../domain/stream.ts'
import { type NewDeadLetter, STREAM_STAGES, type StreamStage } from '../ports/dead-letter-box.ts'
import type { ClaimedStream } from '../ports/stream-runs.ts'
import type { Executor } from '../schema/schema.ts'
import { dropLetters } from '../upkeep/dead-letters.ts'

/**
 * Returns the dead letter of a stream whose pipeline or commit failed for good. Its body names the stream,
 * which keeps its events.
 */
export function streamLetter(
  { stream, kind }: Pick<ClaimedStream, 'kind'> & { readonly stream: Pick<Stream, 'id' | 'name'> },
  stage: StreamStage,
  reason: string,
): NewDeadLetter {
  const body = Buffer.from(JSON.stringify({ stream_id: stream.id, trigger: stream.name, firing: kind }))
  return { stage, reason, queue: null, body }
}

/** Deletes the dead letters of streams that run again, or are no more. */
export async function dropLettersOf(
  tx: Executor,
  streams: readonly Pick<Stream, 'id' | 'name'>[],
): Promise<void> {
  const letters = streams.flatMap((stream) =>
    STREAM_STAGES.flatMap((stage) =>
      (['fire', 'expire'] as const).map((kind) => streamLetter({ stream, kind }, stage, '')),
    ),
  )
  await dropLetters(tx, letters)
}
