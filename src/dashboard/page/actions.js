import { get, resource, send } from './api.js'
import { html, nothing } from './lib/lit-html/lit-html.js'
import { failure, living, shownDialog, table } from './parts.js'
import { count, line } from './text.js'

/** Pause between two looks at an action, ms. */
const LOOK_MS = 500
const MOST_FAILURES = 50

/** Bulk actions with the count first, then a question, then what became of each. One at a time. */
export class ActionDialog {
  #update
  #onDone
  #asked
  #dialog

  /** `onDone` is called when something has been changed. */
  constructor(update, onDone) {
    this.#update = update
    this.#onDone = onDone
  }

  /** Counts what a filter means, and asks. `path` is that of the actions; `what` names the rows. */
  async ask({ path, verb, filter, what, words }) {
    this.#asked = { path, verb, filter, what, words, state: 'counting' }
    this.#update()
    await this.#attempt(async (asked) => {
      const { count: number } = await send('POST', path, { action: verb, filter, dry_run: true })
      Object.assign(asked, { state: 'asking', number })
    })
  }

  async #begin() {
    const { path, verb, filter } = this.#asked
    this.#asked.state = 'running'
    this.#update()
    await this.#attempt(async (asked) => {
      asked.action = await send('POST', path, { action: verb, filter })
      while (asked === this.#asked && ['listing', 'running'].includes(asked.action.state)) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
        asked.action = await get(`/v1/actions/${asked.action.id}`)
        this.#update()
      }
      asked.failed = await get(
        resource(`/v1/actions/${asked.action.id}/results`, { outcome: 'failed', limit: MOST_FAILURES }),
      )
      asked.state = 'ended'
    })
    this.#onDone()
  }

  async #attempt(work) {
    const asked = this.#asked
    try {
      await work(asked)
    } catch (error) {
      Object.assign(asked, { state: 'ended', error })
    }
    this.#update()
  }

  #close = () => {
    this.#asked = undefined
    this.#update()
  }

  #show = (element) => {
    this.#dialog = element
    return shownDialog(this.#close)(element)
  }

  render() {
    const asked = this.#asked
    if (!asked) return nothing
    const { words, what, state, number, action, failed, error } = asked
    return html`<dialog aria-labelledby="action-title" ${living(this.#show, asked)}>
      <h2 id="action-title">${words} ${what}</h2>
      ${state === 'counting' ? html`<p role="status">Counting …</p>` : nothing}
      ${
        state === 'asking'
          ? html`<p>The filter means <strong>${count(number)}</strong> ${what}:</p>${filterText(asked.filter)}`
          : nothing
      }
      ${action ? outcomes(action) : nothing}
      ${
        failed?.length
          ? table(
              `What failed${failed.length === MOST_FAILURES ? `, the last ${MOST_FAILURES}` : ''}`,
              ['number', 'reason'],
              failed.map(({ id, reason }) => [id, line(reason, 300)]),
            )
          : nothing
      }
      ${failure(error)}
      <p class="buttons">
        ${
          state === 'asking' && number > 0
            ? html`<button type="button" class="strong" @click=${() => this.#begin()}>${words} ${count(number)}</button>`
            : nothing
        }
        <button type="button" @click=${() => this.#dialog.close()}>${state === 'ended' || number === 0 ? 'Close' : 'Cancel'}</button>
      </p>
    </dialog>`
  }
}

function filterText(filter) {
  const entries = Object.entries(filter)
  if (entries.length === 0) return html`<p>All of them: no filter is set.</p>`
  return html`<ul>${entries.map(([name, value]) => html`<li><code>${name}</code>: ${line(value)}</li>`)}</ul>`
}

function outcomes({ id, state, total, outcomes: of = {}, error }) {
  const parts = Object.entries(of).filter(([, number]) => number > 0)
  return html`<p role="status">Action ${id} is ${state}:
    ${count(total)} in all${parts.map(([name, number]) => `, ${count(number)} ${name}`).join('')}.</p>
    ${error ? html`<p class="failure">${line(error, 500)}</p>` : nothing}`
}
