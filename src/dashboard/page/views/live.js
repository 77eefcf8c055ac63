import { parse, resource } from '../api.js'
import { html, nothing } from '../lib/lit-html/lit-html.js'
import { failure, filterForm, heading, zoneNote } from '../parts.js'
import { address, changed, go, param } from '../router.js'
import { clock, count, line, marked, plain } from '../text.js'

/** Rows that are kept; older ones go, so that the page does not grow. */
const MOST_ROWS = 500
/** Longest rate at which the rows are drawn, ms. */
const DRAW_MS = 250
const KINDS = ['event', 'stream', 'dead-letter']
const FIELDS = [
  { name: 'kinds', label: 'Kind', options: KINDS },
  { name: 'event_name', label: 'Event type', placeholder: 'compute.*' },
  { name: 'traits', label: 'Traits', placeholder: 'instance_id:8f2c', wide: true },
  { name: 'trigger_name', label: 'Trigger', placeholder: 'instance_*' },
  { name: 'stage', label: 'Stage', placeholder: 'distill' },
]
const DEFAULT_COLUMNS = 'time,kind,what,instance_id,tenant_id'

function columns() {
  return (param('columns') || DEFAULT_COLUMNS)
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)
    .slice(0, 12)
}

/** What comes in, as it comes: with a pause, chosen columns, and a line where something is missing. */
export function createView(app) {
  let source
  let rows = []
  let told = 0
  let lastId
  let state = 'connecting'
  let error
  let isPaused = false
  let timer
  let followed

  const filterOf = () => Object.fromEntries(FIELDS.map(({ name }) => [name, param(name)]))

  function add(row) {
    told++
    rows.push(row)
    // In large steps: taking the first off each time would move all others.
    if (rows.length > 2 * MOST_ROWS) rows = rows.slice(-MOST_ROWS)
    timer ??= setTimeout(() => {
      timer = undefined
      app.update()
    }, DRAW_MS)
  }

  function connect() {
    source?.close()
    followed = JSON.stringify(filterOf())
    state = 'connecting'
    const stream = new EventSource(resource('/v1/tail', { ...filterOf(), last_event_id: lastId }))
    source = stream
    const take = (read) => (message) => {
      if (message.lastEventId) lastId = message.lastEventId
      try {
        add(read(parse(message.data)))
      } catch {
        add({ kind: 'unreadable', what: line(message.data), isMark: true })
      }
    }
    stream.onopen = () => {
      state = 'open'
      error = undefined
      app.update()
    }
    stream.onerror = () => {
      state = stream.readyState === EventSource.CLOSED ? 'closed' : 'connecting again'
      if (state === 'closed')
        error = new Error('the server does not take this filter, or nobody is signed in')
      app.update()
    }
    stream.addEventListener('event', take(ofEvent))
    stream.addEventListener('stream', take(ofStream))
    stream.addEventListener('dead-letter', take(ofLetter))
    // What is missing, or waited for, is a line of its own. After `dropped` the browser goes on where it was.
    for (const kind of ['gap', 'waiting', 'dropped'])
      stream.addEventListener(
        kind,
        take(({ reason }) => ({ kind, what: reason, isMark: true })),
      )
    app.update()
  }

  function pause() {
    isPaused = !isPaused
    if (isPaused) {
      source?.close()
      state = 'paused'
      app.update()
    } else connect()
  }

  function clear() {
    rows = []
    app.update()
  }

  function setColumns(event) {
    event.preventDefault()
    go(changed({ columns: String(new FormData(event.target).get('columns')).trim() }), { replace: true })
  }

  function list() {
    // Rows take the place of others, by their index: with keys, lit's repeat leaves a node behind for each that goes.
    const shown = rows.slice(-MOST_ROWS).reverse()
    const names = columns()
    return html`<div class="scroll live" tabindex="0" role="region" aria-label="What came last">
      <table>
        <thead><tr>${names.map((name) => html`<th scope="col">${line(name, 40)}</th>`)}</tr></thead>
        <tbody>${shown.map((row) =>
          row.isMark
            ? html`<tr class="mark"><td colspan=${names.length}>${line(row.kind)}: ${line(row.what, 300)}</td></tr>`
            : html`<tr>${names.map((name, index) => html`<td>${index === 0 && row.to ? html`<a href=${row.to}>${cell(row, name)}</a>` : cell(row, name)}</td>`)}</tr>`,
        )}</tbody>
      </table>
    </div>`
  }

  return {
    title: 'Live',
    load() {
      if (!isPaused) connect()
    },
    moved() {
      if (followed === JSON.stringify(filterOf())) return
      lastId = undefined
      rows = []
      if (!isPaused) connect()
    },
    stop() {
      source?.close()
      clearTimeout(timer)
    },
    render: () => html`
      ${heading('Live', resource('/v1/tail', filterOf()))}
      ${filterForm(FIELDS, go)}
      <form class="filters" @submit=${setColumns} aria-label="Columns">
        <span class="field wide"><label for="columns">Columns: time, kind, what, and any traits</label>
        <input id="columns" name="columns" .value=${columns().join(',')} autocomplete="off" spellcheck="false"></span>
        <button type="submit">Show</button>
      </form>
      <p class="buttons">
        <button type="button" aria-pressed=${isPaused} @click=${pause}>${isPaused ? 'Go on' : 'Pause'}</button>
        <button type="button" @click=${clear}>Clear</button>
        <span role="status">${state}${isPaused ? ': going on leaves nothing out' : ''}</span>
        <span class="quiet">${count(told)} so far${told > MOST_ROWS ? `, the last ${MOST_ROWS} are shown` : ''}</span>
      </p>
      ${failure(error)} ${zoneNote()}
      ${rows.length > 0 ? list() : html`<p class="quiet">Nothing has come yet.</p>`}
      ${nothing}`,
  }
}

function ofEvent(data) {
  const { event_type, message_id, timestamp, ...traits } = data
  const [name, value] = Object.entries(traits).find(([of]) => of === 'instance_id') ?? []
  const to = name ? address('/story', { traits: `${name}:${value}`, event: message_id }) : undefined
  return { kind: 'event', time: timestamp?.datetime, what: event_type, to, traits: { message_id, ...traits } }
}

function ofStream({ id, name, what, state, at, distinguishing_traits, last_error }) {
  const words = what === 'opened' ? `${name} ${id} opened` : `${name} ${id} is ${state}`
  const to = address('/streams', { open: id })
  return { kind: 'stream', time: at, what: words, to, traits: { ...distinguishing_traits, last_error } }
}

function ofLetter({ id, stage, reason, queue, at }) {
  const to = address('/dead-letters', { open: id })
  return { kind: 'dead-letter', time: at, what: `${stage}: ${reason}`, to, traits: { queue, stage, reason } }
}

function cell(row, name) {
  if (name === 'time') return clock(row.time) || '–'
  if (name === 'kind') return row.kind
  if (name === 'what') return marked(row.what)
  return Object.hasOwn(row.traits, name) ? marked(plain(row.traits[name]), { most: 120 }) : ''
}
