/**
 * Which of the messages under way the broker has returned because no queue takes them. It returns a message before it
 * confirms it, and names it by nothing but its id. Of several with one id that are under way together all count as
 * returned when one is: they are published again, and none is lost.
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

  /** Forgets a message that is no longer under way, and returns whether it was returned. */
  settled(messageId: string): boolean {
    const known = this.#underWay.get(messageId)
    if (!known) return false
    if (--known.count === 0) this.#underWay.delete(messageId)
    return known.isReturned
  }
}
