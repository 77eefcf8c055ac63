import { messageOf, TransientError } from '../domain/errors.ts'
import { sleep } from '../runtime/backoff.ts'

/** What was found out there, and what to do when it is amiss. */
export type Finding = {
  readonly object: 'broker' | 'queue' | 'exchange' | 'database' | 'events' | 'archive'
  readonly name: string
  /** error: with this nothing works */
  readonly state: 'ok' | 'warning' | 'error'
  readonly text: string
  readonly remedy?: string
  /** the same for programs */
  readonly facts?: { readonly [name: string]: unknown }
}

/** A server that is silent for longer does not answer. */
export const PATIENCE_MS = 10_000

/** The answer, or TransientError when there is none in time. */
export async function answerOf<T>(asked: Promise<T>, what: string): Promise<T> {
  const answered = new AbortController()
  const silence = sleep(PATIENCE_MS, answered.signal).then(() => {
    throw new TransientError(`${what} has not answered within ${PATIENCE_MS / 1000} s`)
  })
  silence.catch(() => {})
  return Promise.race([asked, silence]).finally(() => answered.abort())
}

/** What a failure comes to, with the way out that it names itself. */
export function failed(object: Finding['object'], name: string, error: unknown, remedy: string): Finding {
  return { object, name, state: 'error', text: messageOf(error), remedy }
}

export function formatFinding({ object, name, state, text, remedy }: Finding): string {
  const severity = state === 'ok' ? '' : `${state}: `
  return `${severity}${[object, name].filter(Boolean).join(' ')}: ${text}${remedy ? `; ${remedy}` : ''}`
}

/** One flat object. */
export function flatFinding({ facts, ...finding }: Finding): object {
  return { ...finding, ...facts }
}
