const IDS_PER_PAGE = 65_536

/** A set of row ids. Ids that lie near each other take a bit each: a million of them 128 kB. */
export class IdSet {
  readonly #pages = new Map<number, Uint8Array>()

  has(id: number): boolean {
    const at = id % IDS_PER_PAGE
    const byte = this.#pages.get(Math.floor(id / IDS_PER_PAGE))?.[at >> 3] ?? 0
    return (byte & (1 << (at & 7))) !== 0
  }

  add(id: number): void {
    const number = Math.floor(id / IDS_PER_PAGE)
    const at = id % IDS_PER_PAGE
    const page = this.#pages.get(number) ?? new Uint8Array(IDS_PER_PAGE / 8)
    page[at >> 3] = (page[at >> 3] as number) | (1 << (at & 7))
    this.#pages.set(number, page)
  }
}
