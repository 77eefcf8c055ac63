import { ActionDialog } from '../actions.js'
import { get, getText, resource, send } from '../api.js'
import { last } from '../charts.js'
import { html, nothing } from '../lib/lit-html/lit-html.js'
import { failure, filterForm, filterOf, heading, listWith, pairs, zoneNote } from '../parts.js'
import { changed, go, param } from '../router.js'
import { Rows } from '../rows.js'
import { clock, count, line, lines, marked } from '../text.js'

const FIELDS = [
  { name: 'stage', label: 'Stage', placeholder: 'distill' },
  { name: 'reason', label: 'Reason', placeholder: '*not an integer*', wide: true },
  { name: 'queue', label: 'Queue', placeholder: 'monitor.info' },
  { name: 'stream', label: 'Stream', placeholder: '17' },
  { name: 'from_datetime', label: 'After', placeholder: '-1d' },
  { name: 'to_datetime', label: 'Before', placeholder: 'now' },
]
const MOST_REASONS = 10
/** Longest body that is edited here, characters. */
const LONGEST_EDITED = 1_000_000

/** Dead letters: by stage and reason, one with its body, to be edited and driven in again, or dropped. */
export function createView(app) {
  const stopping = new AbortController()
  const dialog = new ActionDialog(app.update, () => void load())
  let read
  let stages = {}
  let opened
  let error

  const rows = new Rows({
    name: 'letters',
    label: 'Dead letters',
    update: app.update,
    read: (mark, limit) =>
      get(resource('/v1/dead-letters', { ...filterOf(FIELDS), mark, limit }), stopping.signal),
    key: ({ id }) => id,
    link: ({ id }) => changed({ open: id }),
    isOpen: ({ id }) => String(id) === param('open'),
    columns: [
      { name: 'id', label: 'Letter', cell: ({ id }) => id },
      { name: 'at', label: 'Kept at', cell: ({ at }) => clock(at) },
      { name: 'stage', label: 'Stage', cell: ({ stage }) => marked(stage) },
      {
        name: 'why',
        label: 'Reason',
        cell: ({ reason }) => html`<span title=${line(reason, 500)}>${marked(reason, { most: 300 })}</span>`,
      },
      { name: 'queue', label: 'Queue', cell: ({ queue }) => marked(queue ?? '') },
      { name: 'bytes', label: 'Bytes', cell: ({ bytes }) => count(bytes) },
    ],
  })

  async function readStages() {
    const { figures } = await get(resource('/v1/samples', { step: 60 }), stopping.signal)
    stages = Object.fromEntries(
      Object.entries(figures).flatMap(([name, values]) => {
        const now = name.startsWith('letters.') ? last(values) : 0
        return now > 0 ? [[name.slice('letters.'.length), now]] : []
      }),
    )
  }

  async function open() {
    const id = param('open')
    if (String(opened?.letter.id) === id) return
    opened = undefined
    error = undefined
    if (id === '') return
    try {
      const letter = await get(`/v1/dead-letters/${encodeURIComponent(id)}`, stopping.signal)
      if (id === param('open')) opened = { letter }
    } catch (failed) {
      if (failed.name !== 'AbortError') error = failed
    }
    app.update()
  }

  async function load() {
    read = JSON.stringify(filterOf(FIELDS))
    await Promise.all([rows.load(), open(), readStages().catch(() => {})])
    app.update()
  }

  /** The body as it came, secrets too: only for a token that may write, and only when it is asked for. */
  async function edit() {
    try {
      opened.body = await getText(`/v1/dead-letters/${opened.letter.id}/body`, stopping.signal)
    } catch (failed) {
      opened.outcome = { error: failed }
    }
    app.update()
  }

  async function retry(event) {
    event.preventDefault()
    const body = opened.body === undefined ? '' : String(new FormData(event.target).get('body') ?? '')
    const { letter } = opened
    try {
      opened.outcome = await send('POST', `/v1/dead-letters/${letter.id}/retry`, body)
      if (opened.outcome.outcome !== 'failed') opened.isGone = true
    } catch (failed) {
      opened.outcome = { error: failed }
    }
    await rows.load()
  }

  async function drop() {
    const { letter } = opened
    try {
      await send('DELETE', `/v1/dead-letters/${letter.id}`)
      opened.outcome = { description: 'dropped' }
      opened.isGone = true
    } catch (failed) {
      opened.outcome = { error: failed }
    }
    await rows.load()
  }

  function act(verb, words) {
    void dialog.ask({
      path: '/v1/dead-letters/actions',
      verb,
      filter: filterOf(FIELDS),
      what: 'dead letters',
      words,
    })
  }

  function groups() {
    const reasons = Map.groupBy(rows.rows, ({ stage, reason }) => `${stage}\n${reason}`)
    const commonest = [...reasons.values()].sort((a, b) => b.length - a.length).slice(0, MOST_REASONS)
    return html`<div class="groups">
      <h2>By stage</h2>
      <ul>${Object.entries(stages).map(([stage, number]) => html`<li><a href=${changed({ stage, open: '' })}>${line(stage, 60)}</a> <b>${count(number)}</b></li>`)}</ul>
      <h2>By reason, of the ${count(rows.rows.length)} rows read</h2>
      <ul>${commonest.map((of) => html`<li><a href=${changed({ stage: of[0].stage, reason: of[0].reason.slice(0, 200), open: '' })}>${line(of[0].stage, 40)}: ${line(of[0].reason, 160)}</a> <b>${count(of.length)}</b></li>`)}</ul>
    </div>`
  }

  function detail() {
    if (param('open') === '') return nothing
    const close = html`<a class="button" href=${changed({ open: '' })}>Close<span class="unseen"> the dead letter</span></a>`
    if (!opened)
      return html`<section class="detail">${error ? failure(error) : html`<p>Loading …</p>`}${close}</section>`
    const { letter, body, outcome, isGone } = opened
    const shown = typeof letter.body === 'string' ? letter.body : undefined
    return html`<section class="detail" aria-labelledby="detail-title" tabindex="0">
      <div class="heading"><h2 id="detail-title">Dead letter ${letter.id}</h2>${close}</div>
      ${pairs([
        ['stage', marked(letter.stage)],
        ['reason', html`<span class="wrap">${marked(letter.reason, { most: 5000 })}</span>`],
        ['queue', marked(letter.queue ?? '')],
        ['kept at', clock(letter.at)],
        ['bytes', count(letter.bytes)],
      ])}
      ${outcome ? (outcome.error ? failure(outcome.error) : html`<p role="status">${line(outcome.description, 500)}</p>`) : nothing}
      ${
        isGone
          ? nothing
          : html`<form class="body" @submit=${retry}>
            ${
              body === undefined
                ? html`<h3>Body, secrets masked</h3><pre tabindex="0">${shown === undefined ? 'It is no UTF-8; the JSON has it in base64.' : lines(pretty(shown))}</pre>`
                : html`<label for="body">Body as it came, secrets too</label>
                  <textarea id="body" name="body" rows="16" spellcheck="false" .value=${body}></textarea>`
            }
            ${
              app.mayWrite()
                ? html`<p class="buttons">
                  <button type="submit">${body === undefined ? 'Retry' : 'Retry with this body'}</button>
                  ${body === undefined && shown !== undefined && shown.length <= LONGEST_EDITED ? html`<button type="button" @click=${edit}>Edit</button>` : nothing}
                  <button type="button" @click=${drop}>Drop</button></p>`
                : html`<p class="quiet">This token may only read.</p>`
            }
          </form>`
      }
    </section>`
  }

  return {
    title: 'Dead letters',
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
      ${heading('Dead letters', resource('/v1/dead-letters', filterOf(FIELDS)))}
      ${filterForm(FIELDS, go)}
      ${
        app.mayWrite()
          ? html`<div class="buttons" role="group" aria-label="All that match"><span class="quiet">All that match:</span>
            <button type="button" @click=${() => act('retry', 'Retry')}>Retry</button>
            <button type="button" @click=${() => act('drop', 'Drop')}>Drop</button></div>`
          : nothing
      }
      ${groups()} ${zoneNote()}
      ${listWith(rows.render(), detail())}
      ${dialog.render()}`,
  }
}

/** Returns JSON indented; another text as it is. */
function pretty(text) {
  // Long integers would lose digits.
  if (text.length > 200_000 || /\d{16}/.test(text)) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
