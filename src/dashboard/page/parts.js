import { Directive, directive } from './lib/lit-html/directive.js'
import { html, noChange, nothing } from './lib/lit-html/lit-html.js'
import { changed, param } from './router.js'
import { line, zoneName } from './text.js'

class Styles extends Directive {
  update(part, [styles]) {
    for (const [name, value] of Object.entries(styles)) part.element.style.setProperty(name, value)
    return noChange
  }
  render() {
    return noChange
  }
}

/** Sets styles of an element by script: the document's policy allows none in its text. */
export const styles = directive(Styles)

class Living extends Directive {
  update(part, [make, value]) {
    this.living ??= make(part.element)
    this.living(value)
    return noChange
  }
  render() {
    return noChange
  }
}

/** Gives an element to `make` once, and each value to the function that it returns. */
export const living = directive(Living)

/** Returns what `living` makes of a dialog: it is shown when it is drawn, and `onClose` is called when it is closed. */
export function shownDialog(onClose) {
  return (element) => {
    element.addEventListener('close', onClose)
    return () => queueMicrotask(() => !element.open && element.isConnected && element.showModal())
  }
}

/** Returns a sentence about a failure; nothing where there is none. */
export function failure(error) {
  return error ? html`<p class="failure" role="alert">${line(error.message ?? error, 500)}</p>` : nothing
}

/** Returns the heading of a view, with a link to the JSON behind it. */
export function heading(title, json) {
  return html`<div class="heading">
    <h1 tabindex="-1">${title}</h1>
    ${json ? html`<a class="json" href=${json} target="_blank" rel="noopener">JSON<span class="unseen"> of ${title}, in a new tab</span></a>` : nothing}
  </div>`
}

/** Returns the filters of a view that the address has, as the API takes them. */
export function filterOf(fields) {
  return Object.fromEntries(fields.map(({ name }) => [name, param(name)]).filter(([, value]) => value !== ''))
}

/** Returns the form of a view's filters. They become parameters of the address when it is sent. */
export function filterForm(fields, go) {
  const submit = (event) => {
    event.preventDefault()
    const data = new FormData(event.target)
    const changes = Object.fromEntries(fields.map(({ name }) => [name, String(data.get(name) ?? '').trim()]))
    go(changed({ ...changes, open: '' }))
  }
  return html`<form class="filters" @submit=${submit} aria-label="Filters">
    ${fields.map(field)}
    <button type="submit">Filter</button>
    ${
      fields.some(({ name }) => param(name) !== '')
        ? html`<a class="button" href=${changed(Object.fromEntries([...fields.map(({ name }) => [name, '']), ['open', '']]))}>All</a>`
        : nothing
    }
  </form>`
}

function field({ name, label, options, placeholder = '', wide = false }) {
  const value = param(name)
  const id = `filter-${name}`
  return html`<span class=${wide ? 'field wide' : 'field'}>
    <label for=${id}>${label}</label>
    ${
      options
        ? html`<select id=${id} name=${name} .value=${value}>
          <option value="" ?selected=${value === ''}>any</option>
          ${options.map((one) => html`<option value=${one} ?selected=${one === value}>${one}</option>`)}
        </select>`
        : html`<input id=${id} name=${name} .value=${value} placeholder=${placeholder} autocomplete="off" spellcheck="false">`
    }
  </span>`
}

/** Returns a table of a few rows; `columns` are names, rows are lists of cells. */
export function table(caption, columns, rows, none = 'none') {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}>
    <table>
      <caption>${caption}</caption>
      <thead><tr>${columns.map((one) => html`<th scope="col">${one}</th>`)}</tr></thead>
      <tbody>
        ${
          rows.length === 0
            ? html`<tr><td colspan=${columns.length} class="quiet">${none}</td></tr>`
            : rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)
        }
      </tbody>
    </table>
  </div>`
}

/** Returns a table as `table` does; nothing where it has no rows. */
export function tableOfSome(caption, columns, rows) {
  return rows.length > 0 ? table(caption, columns, rows) : nothing
}

/** Returns the rows of a list, and beside them what is open. */
export function listWith(rows, detail) {
  return html`<div class=${detail === nothing ? 'list' : 'list with-detail'}><div class="main">${rows}</div>${detail}</div>`
}

/** Returns names and values, one below the other. */
export function pairs(entries) {
  return html`<dl class="pairs">${entries.map(([name, value]) => html`<dt>${line(name)}</dt><dd>${value}</dd>`)}</dl>`
}

/** Returns a state as a word with a sign, so that it is told by more than a colour. */
export function stateMark(state) {
  const kind = /error/.test(state)
    ? 'bad'
    : /retry/.test(state)
      ? 'warn'
      : state === 'completed'
        ? 'good'
        : 'plain'
  const sign = { bad: '✕', warn: '↻', good: '✓', plain: '●' }[kind]
  return html`<span class="state ${kind}"><span aria-hidden="true">${sign}</span> ${line(state)}</span>`
}

/** Returns a sentence with the zone of the times of a view. */
export function zoneNote() {
  return html`<p class="quiet">Times are in ${zoneName()}.</p>`
}
