import { StackTachError } from '../domain/errors.ts'
import type { HandlerContext, HandlerLogger } from './handler.ts'

/** A context for handlers that is never stopped and has no broker, but for what is given. */
export function createHandlerContext(
  logger: HandlerLogger,
  given: Partial<HandlerContext> = {},
): HandlerContext {
  const { signal = NEVER, publisherFor = noBroker, findEvents, waitsAlone } = given
  return { logger, signal, publisherFor, waitsAlone, ...(findEvents && { findEvents }) }
}

const NEVER = new AbortController().signal

async function noBroker(): Promise<never> {
  throw new StackTachError('config', 'there is no broker to publish to here')
}
