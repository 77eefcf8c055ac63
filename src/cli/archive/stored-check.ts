import type { ReadRecord } from '../../archive/format.ts'
import { publishedBody } from '../../archive/reader/published-body.ts'
import type { Config } from '../../config/load/config.ts'
import { decodeNotification } from '../../distiller/decode-notification.ts'
import { createDistiller, type Distiller } from '../../distiller/distiller.ts'
import type { Store } from '../../store/store.ts'
import { grouped } from '../terminal/grouped.ts'

/** What became of archived messages. */
export type StoredFound = {
  readonly messages: number
  readonly events: number
  readonly dead_letters: number
  /** that no event definition matches, or that the filters of all queues keep from the database */
  readonly without_definition: number
  readonly filtered: number
  readonly missing: number
  /** message ids of what is missing, the first of them; null where a message has none */
  readonly missing_ids: readonly (string | null)[]
}

/** Most ids that are listed. */
const MOST_IDS = 10_000
const IDS_PER_QUERY = 500

type Waiting = { readonly id: string | null; readonly body: Buffer }

/** Looks up whether every archived message is an event, a dead letter, or has no definition. */
export class StoredCheck {
  readonly #store: Pick<Store, 'storedAmong' | 'areDeadLetters'>
  readonly #distiller: Distiller
  readonly #isStored: (eventType: string) => boolean
  readonly #counts = {
    messages: 0,
    events: 0,
    dead_letters: 0,
    without_definition: 0,
    filtered: 0,
    missing: 0,
  }
  readonly #missingIds: (string | null)[] = []
  #waiting: Waiting[] = []

  constructor(store: Pick<Store, 'storedAmong' | 'areDeadLetters'>, config: Config) {
    this.#store = store
    const catchAll = config.winchester.catch_all_notifications
    this.#distiller = createDistiller(config.definitions, { catchAll })
    const apps = (config.yagi?.queues ?? []).flatMap((queue) =>
      queue.apps.filter(({ kind }) => kind === 'winchester'),
    )
    this.#isStored = (eventType) => apps.length === 0 || apps.some(({ accepts }) => accepts(eventType))
  }

  async add(records: readonly ReadRecord[]): Promise<void> {
    for (const { payload } of records) {
      if (payload.length === 0) continue
      this.#counts.messages++
      this.#take(publishedBody(payload))
      if (this.#waiting.length >= IDS_PER_QUERY) await this.#lookUp()
    }
  }

  #take(body: Buffer): void {
    const decoded = decodeNotification(body)
    if (!decoded.ok) {
      this.#waiting.push({ id: null, body })
      return
    }
    const { event_type: type, message_id: id } = decoded.notification
    if (!this.#distiller.definitionOf(type)) this.#counts.without_definition++
    else if (!this.#isStored(type)) this.#counts.filtered++
    else this.#waiting.push({ id, body })
  }

  async #lookUp(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    const stored = await this.#store.storedAmong(waiting.flatMap(({ id }) => id ?? []))
    const others = waiting.filter(({ id }) => id === null || !stored.has(id))
    this.#counts.events += waiting.length - others.length
    const letters = others.length > 0 ? await this.#store.areDeadLetters(others.map(({ body }) => body)) : []
    for (const [index, { id }] of others.entries()) {
      if (letters[index]) this.#counts.dead_letters++
      else {
        this.#counts.missing++
        if (this.#missingIds.length < MOST_IDS) this.#missingIds.push(id)
      }
    }
  }

  async end(): Promise<StoredFound> {
    if (this.#waiting.length > 0) await this.#lookUp()
    return { ...this.#counts, missing_ids: this.#missingIds }
  }

  describe(found: StoredFound): string {
    const { messages, events, dead_letters, without_definition, filtered, missing, missing_ids: ids } = found
    const parts = [
      `${grouped(events)} are events`,
      `${grouped(dead_letters)} dead letters`,
      `${grouped(without_definition)} have no definition`,
      ...(filtered > 0 ? [`${grouped(filtered)} are kept from the database by filters`] : []),
      `${grouped(missing)} are missing`,
    ]
    return [
      `of ${grouped(messages)} archived messages ${parts.join(', ')}\n`,
      ...ids.map((id) => `  missing: ${id ?? 'a message without an id'}\n`),
    ].join('')
  }
}
