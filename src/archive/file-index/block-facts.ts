import { decodeNotification } from '../../distiller/decode-notification.ts'
import { timeOfDecoded } from '../../distiller/time-of-body.ts'
import type { Micros } from '../../domain/time.ts'
import { publishedBody } from '../reader/published-body.ts'
import type { RecordFacts } from './file-index.ts'
import { createFilter, eachFindable } from './id-filter.ts'

/** Collects what an index says of a block of records. */
export class BlockFacts {
  #records = 0
  #unread = 0
  #first: Micros | null = null
  #last: Micros | null = null
  readonly #types: { [eventType: string]: number } = Object.create(null)
  readonly #ids = new Set<string>()

  add(payload: Buffer): void {
    this.#records++
    const decoded = decodeNotification(publishedBody(payload))
    const time = timeOfDecoded(decoded)
    if (!decoded.ok || time === undefined) this.#unread++
    if (!decoded.ok) return
    const { event_type: type } = decoded.notification
    this.#types[type] = (this.#types[type] ?? 0) + 1
    if (time !== undefined) {
      this.#first = Math.min(this.#first ?? time, time)
      this.#last = Math.max(this.#last ?? time, time)
    }
    eachFindable(decoded.notification, (text) => this.#ids.add(text))
  }

  facts(): RecordFacts & { readonly unread: number; readonly ids: string } {
    const [records, first, last, unread] = [this.#records, this.#first, this.#last, this.#unread]
    return { records, first, last, types: { ...this.#types }, unread, ids: createFilter(this.#ids) }
  }
}

/** Adds up what is known of several runs of records. */
export function sumFacts(parts: readonly (RecordFacts & { readonly unread: number })[]): RecordFacts & {
  readonly unread: number
} {
  const types: { [eventType: string]: number } = Object.create(null)
  for (const part of parts)
    for (const [type, count] of Object.entries(part.types)) types[type] = (types[type] ?? 0) + count
  const times = (name: 'first' | 'last') => parts.flatMap((part) => part[name] ?? [])
  const total = (name: 'records' | 'unread') => parts.reduce((sum, part) => sum + part[name], 0)
  const firsts = times('first')
  const lasts = times('last')
  return {
    records: total('records'),
    unread: total('unread'),
    first: firsts.length > 0 ? firsts.reduce((a, b) => Math.min(a, b)) : null,
    last: lasts.length > 0 ? lasts.reduce((a, b) => Math.max(a, b)) : null,
    types,
  }
}
