import { StackTachError } from '../../domain/errors.ts'
import { createShared } from '../../runtime/shared.ts'
import type { HandlerContext, HandlerLogger } from '../handler.ts'

/**
 * Creates a context for handlers. By default its signal never aborts, it shares nothing and it has no broker.
 */
export function createHandlerContext(
  logger: HandlerLogger,
  given: Partial<HandlerContext> = {},
): HandlerContext {
  const { signal = NEVER, publisherFor = noBroker, shared = createShared(), findEvents, waitsAlone } = given
  return { logger, signal, publisherFor, shared, waitsAlone, ...(findEvents && { findEvents }) }
}

const NEVER = new AbortController().signal

async function noBroker(): Promise<never> {
  throw new StackTachError('config', 'there is no broker to publish to here')
}
