import { repeat } from './lib/lit-html/directives/repeat.js'
import { html, nothing } from './lib/lit-html/lit-html.js'
import { failure, living, styles } from './parts.js'
import { count } from './text.js'

/** Rows of a page of the API: few first, so that something is seen at once. */
const [FIRST_PAGE, NEXT_PAGE] = [100, 500]
/** Rows that are drawn above and below what is seen. */
const BEYOND = 12

/**
 * A long list of which only what is seen is drawn; the window scrolls it, and more is read as its end comes near.
 *
 * `read(mark, limit)` resolves to rows with `_mark`; `columns` are `{ name, label, cell(row), wide }`; `link(row)` is
 * where a row leads, `isOpen(row)` whether it is open.
 */
export class Rows {
  #options
  #rows = []
  #end = false
  #busy = false
  #error
  #top = 0
  #height = 36
  #body
  #run = 0
  #wanted = -1

  constructor(options) {
    this.#options = options
  }

  get rows() {
    return this.#rows
  }

  /** Empties the list and reads its beginning. What was there is shown until then. */
  async load() {
    const run = ++this.#run
    this.#busy = true
    try {
      const rows = await this.#options.read(undefined, FIRST_PAGE)
      if (run !== this.#run) return
      this.#rows = rows
      this.#wanted = Math.min(this.#wanted, rows.length - 1)
      this.#end = rows.length === 0
      this.#error = undefined
    } catch (error) {
      if (run !== this.#run || error.name === 'AbortError') return
      this.#error = error
    }
    this.#busy = false
    this.#options.update()
  }

  async #more() {
    if (this.#busy || this.#end || this.#error) return
    const run = this.#run
    this.#busy = true
    try {
      const rows = await this.#options.read(this.#rows.at(-1)?._mark, NEXT_PAGE)
      if (run !== this.#run) return
      this.#rows = [...this.#rows, ...rows]
      this.#end = rows.length === 0
    } catch (error) {
      if (run !== this.#run || error.name === 'AbortError') return
      this.#error = error
    }
    this.#busy = false
    this.#options.update()
  }

  /** Returns the indexes of the first row that is drawn, and of the first behind them. */
  #range() {
    if (!this.#body?.isConnected) return [0, Math.min(this.#rows.length, 40)]
    const above = Math.max(0, -this.#body.getBoundingClientRect().top)
    const first = Math.max(0, Math.floor(above / this.#height) - BEYOND)
    const seen = Math.ceil(innerHeight / this.#height)
    const last = Math.min(this.#rows.length, first + seen + 2 * BEYOND)
    return [Math.min(first, Math.max(0, last - 1)), last]
  }

  #scrolled = () => {
    const [first, last] = this.#range()
    if (first !== this.#top || last > this.#rows.length - BEYOND) this.#options.update()
    if (last >= this.#rows.length - NEXT_PAGE / 4) void this.#more()
  }

  #attach = (element) => {
    this.#body = element
    addEventListener('scroll', this.#scrolled, { passive: true })
    addEventListener('resize', this.#scrolled, { passive: true })
    return () => {
      // The height of rows is that of the style sheet, which differs with the width.
      const row = element.querySelector('.row')
      if (row) this.#height = row.offsetHeight || this.#height
      queueMicrotask(() => this.#focusWanted())
    }
  }

  stop() {
    this.#run++
    removeEventListener('scroll', this.#scrolled)
    removeEventListener('resize', this.#scrolled)
  }

  /** Moves the focus by rows, from the row that has it or is about to get it, else to the first that is seen. */
  step(by) {
    const from = this.#wanted >= 0 ? this.#wanted : this.#focused()
    const to = from < 0 ? Math.max(0, this.#range()[0]) : from + by
    if (to < 0 || to >= this.#rows.length) return
    this.#wanted = to
    const bounds = this.#body.getBoundingClientRect()
    const y = bounds.top + to * this.#height
    if (y < 120) scrollBy(0, y - 120)
    else if (y + this.#height > innerHeight) scrollBy(0, y + this.#height - innerHeight + 8)
    this.#options.update()
  }

  /** Returns the index of the row that has the focus; -1 where none has. */
  #focused() {
    const at = document.activeElement?.closest?.('[data-index]')
    return at && this.#body?.contains(at) ? Number(at.dataset.index) : -1
  }

  #focusWanted() {
    if (this.#wanted < 0) return
    const link = this.#body?.querySelector(`[data-index="${this.#wanted}"] a`)
    if (!link) return
    this.#wanted = -1
    link.focus({ preventScroll: true })
  }

  render() {
    const { label, columns, key, link, isOpen, name } = this.#options
    const [first, last] = this.#range()
    this.#top = first
    const rows = this.#rows.slice(first, last)
    const shown = rows.map((row, index) => ({ row, index: first + index }))
    const row = ({ row: one, index }) => html`<div
      role="row" class=${isOpen?.(one) ? 'row open' : 'row'} aria-rowindex=${index + 2} data-index=${index}>
      ${columns.map(
        (column, at) =>
          html`<div role="cell" class=${`cell ${column.name}`}>${
            at === 0 && link
              ? html`<a href=${link(one)} aria-current=${isOpen?.(one) ? 'true' : 'false'}>${column.cell(one)}</a>`
              : column.cell(one)
          }</div>`,
      )}
    </div>`
    return html`
      ${failure(this.#error)}
      <div class="rows ${name}" role="table" aria-label=${label} aria-rowcount=${this.#end ? this.#rows.length + 1 : -1} aria-busy=${this.#busy}>
        <div role="rowgroup" class="head"><div role="row" class="titles" aria-rowindex="1">
          ${columns.map((column) => html`<div role="columnheader" class=${`cell ${column.name}`}>${column.label}</div>`)}
        </div></div>
        <div role="rowgroup" class="body" ${living(this.#attach, first)}>
          <div class="gap" role="presentation" ${styles({ height: `${first * this.#height}px` })}></div>
          ${repeat(shown, ({ row: one }) => key(one), row)}
          <div class="gap" role="presentation" ${styles({ height: `${(this.#rows.length - last) * this.#height}px` })}></div>
        </div>
      </div>
      <p class="quiet" role="status">${this.#told()}</p>
      ${
        !this.#end && !this.#busy && this.#rows.length > 0 && last >= this.#rows.length
          ? html`<button type="button" @click=${() => this.#more()}>More</button>`
          : nothing
      }`
  }

  #told() {
    if (this.#rows.length === 0) return this.#busy ? 'Loading …' : this.#error ? '' : 'Nothing matches.'
    return `${count(this.#rows.length)} rows${this.#end ? '' : ' so far'}`
  }
}
