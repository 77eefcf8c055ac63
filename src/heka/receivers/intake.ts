import type { Matcher } from '../matcher/matcher.ts'
import { messageOf } from '../wire/decode-message.ts'
import { encodeMessage } from '../wire/encode-message.ts'
import { MessageView } from '../wire/message-view.ts'
import { scanMessage } from '../wire/scan-message.ts'
import { WireError } from '../wire/wire-error.ts'

/** What becomes of a message: relayed, or why not. `skipped`: host is missing, or payload and fields are. */
export type Outcome = 'relayed' | 'undecodable' | 'skipped' | 'unmatched'

/** Takes bytes of a message that is to be relayed. They are valid during the call only. */
export type Relay = (bytes: Buffer, from: number, end: number) => void

/**
 * Decides about messages and relays them in the order of their fields, as encoding them again gives it. Where they are
 * in this order already, their own bytes are relayed.
 */
export class Intake {
  #matches: Matcher | undefined
  readonly #view = new MessageView()

  constructor(matches?: Matcher) {
    this.#matches = matches
  }

  /** Decides by another matcher from now on. */
  use(matches: Matcher | undefined): void {
    this.#matches = matches
  }

  take(bytes: Buffer, from: number, end: number, relay: Relay): Outcome {
    const view = this.#view
    try {
      scanMessage(bytes, from, end, view)
    } catch (error) {
      if (error instanceof WireError) return 'undecodable'
      throw error
    }
    if (!view.isComplete) return 'skipped'
    if (this.#matches && !this.#matches(view)) return 'unmatched'
    if (view.isCanonical) relay(bytes, from, end)
    else {
      const again = encodeMessage(messageOf(view))
      relay(again, 0, again.length)
    }
    return 'relayed'
  }
}
