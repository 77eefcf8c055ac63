/**
 * Tracks which messages under way the broker has returned because no queue takes them. The broker returns a
 * message before it confirms it, and identifies it by its id only. When several messages under way have one
 * id, all count as returned if one is: they are published again and none is lost.
 */
export class Returns {
  readonly #underWay = new Map<string, { count: number; isReturned: boolean }>()

  sent(messageId: string): void {
    const known = this.#underWay.get(messageId)
    if (known) known.count++
    else this.#underWay.set(messageId, { count: 1, isReturned: false })
  }

  returned(messageId: string): void {
    const known = this.#underWay.get(messageId)
    if (known) known.isReturned = true
  }

  /** Forgets a message that is no longer under way. Returns whether the broker had returned it. */
  settled(messageId: string): boolean {
    const known = this.#underWay.get(messageId)
    if (!known) return false
    if (--known.count === 0) this.#underWay.delete(messageId)
    return known.isReturned
  }
}
