import { appendFile } from 'node:fs/promises'
import type { AppMessage, AppOutcome, ConsumerApp } from 'stacktach/app'

/** Appends the id of each cancelled order to a file, a line each. */
export class CancelledOrders implements ConsumerApp {
  readonly #file: string

  /** `settings` are the texts of the section [CancelledOrders] of yagi.conf. */
  constructor(settings: { readonly [key: string]: string }) {
    if (!settings.file) throw new Error('file: expected where cancelled orders are written')
    this.#file = settings.file
  }

  async handleMessages(messages: readonly AppMessage[]): Promise<readonly AppOutcome[]> {
    const ids = messages.map(({ notification }) => idOf(notification.order))
    const lines = ids.filter((id) => id !== undefined).map((id) => `${id}\n`)
    if (lines.length > 0) await appendFile(this.#file, lines.join(''))
    return ids.map((id) => (id === undefined ? 'order.id: expected a text' : undefined))
  }
}

function idOf(order: unknown): string | undefined {
  if (typeof order !== 'object' || order === null || !('id' in order)) return undefined
  return typeof order.id === 'string' ? order.id : undefined
}
