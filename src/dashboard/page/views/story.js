import { get, getText, resource, send } from '../api.js'
import { html, nothing, svg } from '../lib/lit-html/lit-html.js'
import { failure, heading, listWith, pairs, stateMark, table, zoneNote } from '../parts.js'
import { address, changed, param } from '../router.js'
import { Rows } from '../rows.js'
import { clock, count, line, lines, marked, plain, span, zoneName } from '../text.js'
import { layOut } from '../timeline.js'
import { verdict } from './triggers.js'

/** The story of a resource: its timeline as a picture and as a list, and one event with where it came from. */
export function createView(app) {
  const stopping = new AbortController()
  let story
  let picture
  let error
  let asked
  let opened
  let whole

  const rows = new Rows({
    name: 'story',
    label: 'What happened',
    update: app.update,
    read: async (mark, limit) => {
      const from = mark === undefined ? 0 : mark + 1
      return (story?.entries ?? [])
        .slice(from, from + limit)
        .map((one, index) => ({ ...one, _mark: from + index }))
    },
    key: ({ _mark }) => _mark,
    link: (entry) => linkOf(entry),
    isOpen: ({ message_id }) => message_id !== undefined && message_id === param('event'),
    columns: [
      { name: 'at', label: 'Time', cell: ({ at }) => clock(at) },
      { name: 'what', label: 'What', cell: what },
      {
        name: 'changes',
        label: 'What changed',
        cell: ({ changes = [] }) =>
          html`<span title=${line(changes.map(changeText).join('; '), 1000)}>${changes.map((one, index) => html`${index > 0 ? '; ' : ''}${marked(changeText(one), { most: 120 })}`)}</span>`,
      },
      {
        name: 'who',
        label: 'Who asked',
        cell: ({ user_id, request_id }) => marked([user_id, request_id].filter(Boolean).join(' ')),
      },
    ],
  })

  const filterOf = () => ({
    traits: param('traits'),
    of: param('of'),
    from_datetime: param('from'),
    to_datetime: param('to'),
  })

  async function load() {
    asked = JSON.stringify(filterOf())
    const filter = filterOf()
    if (filter.traits !== '' || filter.of !== '')
      try {
        story = await get(resource('/v1/timeline', filter), stopping.signal)
        picture =
          story.entries.length > 0
            ? layOut(story.entries, document.documentElement.clientWidth - 50)
            : undefined
        error = undefined
      } catch (failed) {
        if (failed.name === 'AbortError') return
        story = picture = undefined
        error = failed
      }
    await Promise.all([rows.load(), open()])
    app.update()
  }

  /** Reads the event of the address, its notification, and what the configuration makes of that. */
  async function open() {
    const [id, other] = [param('event'), param('with')]
    const key = `${id} ${other}`
    if (opened?.key === key) return
    opened = undefined
    if (id === '') return
    const now = { key, id }
    opened = now
    try {
      const path = `/v1/events/${encodeURIComponent(id)}`
      now.event = await get(path, stopping.signal)
      if (other !== '') now.other = await get(`/v1/events/${encodeURIComponent(other)}`, stopping.signal)
      app.update()
      now.raw = await getText(`${path}/notification`, stopping.signal)
      if (app.mayWrite()) now.explained = await send('POST', '/v1/notifications/explain', now.raw)
    } catch (failed) {
      if (failed.name === 'AbortError') return
      if (now.event) now.rawError = failed
      else now.error = failed
    }
    app.update()
  }

  function detail() {
    if (!opened) return nothing
    const { event, other, raw, rawError, explained, error: failed, id } = opened
    const close = html`<a class="button" href=${changed({ event: '', with: '' })}>Close<span class="unseen"> the event</span></a>`
    if (!event)
      return html`<section class="detail">${failed ? failure(failed) : html`<p>Loading …</p>`}${close}</section>`
    const { event_type, message_id, timestamp, ...traits } = event
    const entry = story?.entries.find((one) => one.message_id === id)
    return html`<section class="detail" aria-labelledby="detail-title" tabindex="0">
      <div class="heading"><h2 id="detail-title">${marked(event_type)}</h2>
        <a class="json" href=${`/v1/events/${encodeURIComponent(message_id)}`} target="_blank" rel="noopener">JSON<span class="unseen"> of the event, in a new tab</span></a>
        ${close}</div>
      ${entry?.message ? html`<p class="failure">${line(entry.message, 2000)}</p>` : nothing}
      ${entry?.changes.length ? html`<h3>What changed</h3><ul>${entry.changes.map((one) => html`<li>${marked(changeText(one), { most: 500 })}</li>`)}</ul>` : nothing}
      ${other ? difference(other, event) : html`<p><a href=${changed({ with: id, event: '' })}>Compare another event with this one</a></p>`}
      ${pairs([
        ['message_id', marked(message_id)],
        ['time', `${clock(timestamp.datetime)} ${zoneName()}`],
        ...Object.entries(traits).map(([name, value]) => [
          name,
          html`<span class="wrap">${marked(plain(value), { most: 2000 })}</span>`,
        ]),
      ])}
      <details><summary>Raw notification, from the archive, secrets masked</summary>
        ${
          raw === undefined
            ? rawError
              ? html`<p class="quiet">${line(rawError.message, 300)}</p>`
              : html`<p>Looking for it …</p>`
            : html`<pre tabindex="0">${lines(indented(raw), whole === id ? 5_000_000 : 50_000)}</pre>
          ${
            raw.length > 50_000 && whole !== id
              ? html`<button type="button" @click=${() => {
                  whole = id
                  app.update()
                }}>Show all ${count(raw.length)} characters</button>`
              : nothing
          }`
        }
      </details>
      ${explained ? html`<details><summary>What the configuration makes of it</summary>${verdict(explained)}</details>` : nothing}
    </section>`
  }

  return {
    title: 'Story',
    rows,
    load,
    moved() {
      if (asked !== JSON.stringify(filterOf())) void load()
      else void open().then(app.update)
    },
    stop() {
      stopping.abort()
      rows.stop()
    },
    render: () => html`
      ${heading('Story', resource('/v1/timeline', filterOf()))}
      ${
        story
          ? html`<p>${Object.entries(story.traits).map(([name, value]) => html`${line(name)} <strong>${marked(value)}</strong> `)}
        ${count(story.events)} events${story.is_truncated ? '; older ones are left out' : ''}${story.has_more_streams ? '; older streams are left out' : ''}</p>`
          : nothing
      }
      ${failure(error)}
      ${param('with') === '' ? nothing : html`<p role="status">Choose the event to compare with ${marked(param('with'))}. <a href=${changed({ with: '' })}>Do not compare</a></p>`}
      ${zoneNote()}
      ${picture ? draw(picture) : nothing}
      ${listWith(story ? rows.render() : nothing, detail())}`,
  }
}

function linkOf(entry) {
  if (entry.kind === 'stream') return address('/streams', { open: entry.stream, q: param('q') })
  if (entry.kind === 'folded') return changed({ from: entry.at, to: entry.until })
  return changed({ event: entry.message_id })
}

function what(entry) {
  if (entry.kind === 'stream')
    return html`${line(entry.name, 60)} ${entry.stream} ${entry.what} ${stateMark(entry.state)}`
  if (entry.kind === 'folded') return html`${count(entry.count)} × ${marked(entry.event_type)}`
  return entry.is_failure
    ? html`<span class="state bad"><span aria-hidden="true">✕</span> ${marked(entry.event_type)}</span>${entry.message ? html` ${line(entry.message, 120)}` : nothing}`
    : marked(entry.event_type)
}

function changeText({ trait, from, to }) {
  return `${trait}: ${plain(from) || '–'} → ${plain(to) || '–'}`
}

function difference(before, after) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const differing = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
  return table(
    `What differs from ${line(before.message_id, 60)}`,
    ['trait', 'there', 'here'],
    differing.map((name) => [line(name, 60), line(plain(before[name]), 200), line(plain(after[name]), 200)]),
    'nothing',
  )
}

function indented(raw) {
  if (raw.length > 500_000 || /\d{16}/.test(raw)) return raw
  try {
    return JSON.stringify(JSON.parse(raw), null, 2)
  } catch {
    return raw
  }
}

function draw({ width, height, lanes, bars, dots, gaps, ticks }) {
  return html`<div class="scroll timeline" tabindex="0" role="region" aria-label="Timeline: the list below says the same">
    <svg viewBox="0 0 ${width} ${height}" width=${width} height=${height} role="group" aria-label="Timeline, times in ${zoneName()}">
      ${lanes.map(({ name, y, height: high }) => svg`<g class="lane"><rect x="0" y=${y} width=${width} height=${high} /><text x="4" y=${y + 14}>${name}</text></g>`)}
      ${gaps.map(({ x, seconds }) => svg`<g class="squeezed"><line x1=${x} x2=${x} y1="20" y2=${height} /><text x=${x} y="21" text-anchor="middle">${span(seconds)}</text></g>`)}
      ${ticks.map(({ x, seconds }) => svg`<g class="tick"><line x1=${x} x2=${x} y1="14" y2="22" /><text x=${x} y="11" text-anchor=${x > width - 120 ? 'end' : 'start'}>${clock(seconds)}</text></g>`)}
      ${bars.map(bar)}
      ${dots.map(dot)}
    </svg>
    <p class="quiet axis">${zoneName()}</p>
  </div>`
}

function bar({ kind, x, y, width, label, outcome = 'done', entry, end, isLate, from, to }) {
  const words =
    kind === 'folded'
      ? `${entry.count} ${entry.event_type}, folded`
      : `${label}, ${outcome}, ${span((to - from) / 1000)}, from ${clock(entry.at)}`
  const failed = end?.is_failure && end.message ? `: ${end.message}` : ''
  return svg`<a href=${linkOf(kind === 'operation' && outcome === 'failed' ? end : entry)} aria-label=${line(`${words}${failed}`, 300)}>
    <title>${line(`${words}${failed}`, 300)}</title>
    <rect class=${`bar ${kind} ${outcome}`} x=${x} y=${y + 13} width=${width} height="8" rx="2" />
    <text class=${outcome === 'failed' ? 'bad' : ''} x=${isLate ? x + width : x} y=${y + 10} text-anchor=${isLate ? 'end' : 'start'}>${outcome === 'failed' ? '✕ ' : ''}${line(label, 60)}</text>
  </a>`
}

function dot({ x, y, isFailure, items }) {
  const [{ entry }] = items
  const words = `${items.length > 1 ? `${items.length} events, first ` : ''}${entry.event_type}${isFailure ? ', failed' : ''}, ${clock(entry.at)}`
  return svg`<a href=${linkOf(entry)} aria-label=${line(`${words}${entry.message ? `: ${entry.message}` : ''}`, 300)}>
    <title>${line(`${words}${entry.message ? `: ${entry.message}` : ''}`, 300)}</title>
    ${
      isFailure
        ? svg`<path class="dot failed" d=${`M${x - 5} ${y - 5} L${x + 5} ${y + 5} M${x + 5} ${y - 5} L${x - 5} ${y + 5}`} /><rect class="touch" x=${x - 12} y=${y - 12} width="24" height="24" />`
        : svg`<circle class="dot" cx=${x} cy=${y} r=${items.length > 1 ? 7 : 5} /><rect class="touch" x=${x - 12} y=${y - 12} width="24" height="24" />`
    }
    ${items.length > 1 ? svg`<text class="number" x=${x} y=${y + 3.5} text-anchor="middle">${items.length}</text>` : nothing}
  </a>`
}
