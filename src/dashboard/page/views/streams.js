import { ActionDialog } from '../actions.js'
import { get, resource } from '../api.js'
import { html, nothing } from '../lib/lit-html/lit-html.js'
import {
  failure,
  filterForm,
  filterOf,
  heading,
  listWith,
  pairs,
  stateMark,
  table,
  tableOfSome,
  zoneNote,
} from '../parts.js'
import { address, changed, go, param } from '../router.js'
import { Rows } from '../rows.js'
import { clock, count, line, lines, marked, millis, plain, span } from '../text.js'

const STATES = [
  'active',
  'firing',
  'expiring',
  'error',
  'expire_error',
  'completed',
  'retry_fire',
  'retry_expire',
]
const FIELDS = [
  { name: 'trigger_name', label: 'Trigger', placeholder: 'instance_*' },
  { name: 'state', label: 'State', options: [...STATES, '!completed'] },
  { name: 'distinguishing_traits', label: 'Traits', placeholder: 'instance_id:8f2c', wide: true },
  { name: 'last_error', label: 'Error', placeholder: '*timeout*' },
  { name: 'attempts', label: 'Attempts', placeholder: '>=3' },
  { name: 'older_than', label: 'Began before', placeholder: '-1d' },
  { name: 'younger_than', label: 'Event after', placeholder: '-1h' },
]
const VERBS = [
  ['reset', 'Reset'],
  ['retry', 'Retry'],
  ['fire-now', 'Fire now'],
  ['expire-now', 'Expire now'],
  ['delete', 'Delete'],
]
/** Explanations that are asked for at a time. */
const AT_A_TIME = 3
const MOST_EVENTS = 500

/** Streams: a list with why each is as it is, actions on one or on the filter, and one in detail. */
export function createView(app) {
  const stopping = new AbortController()
  const dialog = new ActionDialog(app.update, () => void load())
  const reasons = new Map()
  const waiting = []
  let asking = 0
  let read
  let opened
  let error
  let now

  const rows = new Rows({
    name: 'streams',
    label: 'Streams',
    update: app.update,
    read: (mark, limit) =>
      get(resource('/v1/streams', { ...filterOf(FIELDS), counts: true, mark, limit }), stopping.signal),
    key: ({ id }) => id,
    link: ({ id }) => changed({ open: id }),
    isOpen: ({ id }) => String(id) === param('open'),
    columns: [
      { name: 'id', label: 'Stream', cell: ({ id }) => id },
      { name: 'trigger', label: 'Trigger', cell: ({ name }) => marked(name) },
      { name: 'state', label: 'State', cell: ({ state }) => stateMark(state) },
      { name: 'why', label: 'Why', cell: (stream) => why(stream) },
      { name: 'traits', label: 'Traits', cell: ({ distinguishing_traits: of }) => traits(of) },
      { name: 'age', label: 'Age', cell: ({ last_event: at }) => age(at) },
      { name: 'events', label: 'Events', cell: ({ event_count: of }) => count(of) },
      { name: 'attempts', label: 'Attempts', cell: ({ attempts }) => count(attempts) },
    ],
  })

  /** Returns how long ago the last event was, by the event clock, which may be that of a simulation. */
  function age(at) {
    if (!at) return ''
    const seconds = now === undefined ? undefined : (now - millis(at.datetime)) / 1000
    return html`<time datetime=${`${at.datetime}Z`} title=${clock(at.datetime)}>${seconds === undefined ? clock(at.datetime) : span(Math.max(0, seconds))}</time>`
  }

  /** Returns the explanation of a stream; it is asked for when its row is seen. */
  function why(stream) {
    const key = `${stream.id} ${stream.state} ${stream.event_count} ${stream.attempts}`
    if (!reasons.has(key)) {
      reasons.set(key, '…')
      waiting.push({ key, id: stream.id })
      askNext()
    }
    return html`<span title=${line(reasons.get(key), 500)}>${marked(reasons.get(key), { most: 300 })}</span>`
  }

  function askNext() {
    // Of rows that were passed by quickly the last ones are asked for.
    if (waiting.length > 60) for (const { key } of waiting.splice(0, waiting.length - 60)) reasons.delete(key)
    while (asking < AT_A_TIME && waiting.length > 0) {
      const { key, id } = waiting.pop()
      asking++
      get(`/v1/streams/${id}/explain`, stopping.signal)
        .then(({ why: [first = ''] }) => reasons.set(key, first))
        .catch(() => reasons.set(key, ''))
        .finally(() => {
          asking--
          app.update()
          askNext()
        })
    }
  }

  async function open() {
    const id = param('open')
    if (id === '') {
      opened = undefined
      return
    }
    try {
      const [[stream], explanation] = await Promise.all([
        get(
          resource(`/v1/streams/${encodeURIComponent(id)}`, { details: true, counts: true }),
          stopping.signal,
        ),
        get(`/v1/streams/${encodeURIComponent(id)}/explain`, stopping.signal),
      ])
      if (id === param('open')) opened = { stream, explanation }
      error = undefined
    } catch (failed) {
      if (failed.name === 'AbortError') return
      opened = undefined
      error = failed
    }
    app.update()
  }

  async function load() {
    read = JSON.stringify(filterOf(FIELDS))
    const readClock = get('/v1/clock', stopping.signal).then((one) => {
      now = one.now ? millis(one.now.datetime) : undefined
    })
    await Promise.all([rows.load(), open(), readClock.catch(() => {})])
  }

  function act(verb, words, filter, what = 'streams') {
    void dialog.ask({ path: '/v1/streams/actions', verb, filter, what, words })
  }

  function buttons(filter, label, what) {
    if (!app.mayWrite()) return html`<p class="quiet">This token may only read.</p>`
    return html`<div class="buttons" role="group" aria-label=${label}>
      <span class="quiet">${label}:</span>
      ${VERBS.map(([verb, words]) => html`<button type="button" @click=${() => act(verb, words, filter, what)}>${words}</button>`)}
    </div>`
  }

  function detail() {
    if (param('open') === '') return nothing
    if (!opened)
      return html`<section class="detail">${failure(error) === nothing ? html`<p>Loading …</p>` : failure(error)}
      <a class="button" href=${changed({ open: '' })}>Close</a></section>`
    const { stream, explanation } = opened
    const events = stream.events ?? []
    return html`<section class="detail" aria-labelledby="detail-title" tabindex="0">
      <div class="heading"><h2 id="detail-title">Stream ${stream.id}</h2>
        <a class="json" href=${resource(`/v1/streams/${stream.id}`, { details: true, counts: true })} target="_blank" rel="noopener">JSON<span class="unseen"> of the stream, in a new tab</span></a>
        <a class="button" href=${changed({ open: '' })}>Close<span class="unseen"> the stream</span></a></div>
      ${buttons({ ids: String(stream.id) }, 'This stream', 'stream')}
      <ul class="why">${explanation.why.map((one) => html`<li>${marked(one, { most: 1000 })}</li>`)}</ul>
      ${pairs([
        ['trigger', html`<a href=${address('/triggers', { open: stream.name })}>${marked(stream.name)}</a>`],
        ['state', stateMark(stream.state)],
        ...Object.entries(stream.distinguishing_traits).map(([name, value]) => [
          name,
          typeof value === 'string'
            ? html`<a href=${address('/story', { traits: `${name}:${value}` })}>${marked(value)}</a>`
            : marked(plain(value)),
        ]),
        ['first event', clock(stream.first_event?.datetime)],
        ['last event', clock(stream.last_event?.datetime)],
        ['fires', clock(stream.fire_timestamp?.datetime) || 'not yet due'],
        ['expires', clock(stream.expire_timestamp?.datetime)],
        ['attempts', count(stream.attempts)],
      ])}
      ${stream.last_error ? html`<details open><summary>Last error</summary><pre tabindex="0">${lines(stream.last_error)}</pre></details>` : nothing}
      ${tableOfSome(
        'Fire criteria',
        ['state', 'criterion', 'seen', 'needed', 'commonest miss'],
        explanation.fire_criteria.map((one) => [
          one.is_met ? 'met' : 'not met',
          html`<code>${line(one.criterion, 300)}</code>`,
          one.seen ?? '?',
          one.needed,
          line(one.misses[0]?.reason ?? '', 200),
        ]),
      )}
      ${table(
        `Events${events.length > MOST_EVENTS ? `, the first ${MOST_EVENTS} of ${count(events.length)}` : ''}`,
        ['time', 'event type', 'message id'],
        events
          .slice(0, MOST_EVENTS)
          .map((one) => [
            clock(one.timestamp.datetime),
            marked(one.event_type),
            html`<a href=${address('/story', { event: one.message_id, traits: storyOf(stream) })}>${marked(one.message_id)}</a>`,
          ]),
      )}
    </section>`
  }

  return {
    title: 'Streams',
    rows,
    load,
    moved() {
      if (read !== JSON.stringify(filterOf(FIELDS))) void load()
      else void open().then(app.update)
    },
    stop() {
      stopping.abort()
      rows.stop()
    },
    render: () => html`
      ${heading('Streams', resource('/v1/streams', { ...filterOf(FIELDS), counts: true }))}
      ${filterForm(FIELDS, go)}
      ${buttons(filterOf(FIELDS), 'All that match')}
      ${zoneNote()}
      ${listWith(rows.render(), detail())}
      ${dialog.render()}`,
  }
}

function traits(of) {
  return Object.entries(of).map(
    ([name, value], index) => html`${index > 0 ? ', ' : ''}${line(name, 40)} ${marked(plain(value))}`,
  )
}

/** Returns the trait that the story of a stream's resource is found by. */
function storyOf({ distinguishing_traits: of }) {
  const [found] = Object.entries(of).filter(([, value]) => typeof value === 'string')
  return found ? `${found[0]}:${found[1]}` : ''
}
