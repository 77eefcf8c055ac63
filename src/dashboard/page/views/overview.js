import { get, resource } from '../api.js'
import { chart, last, rates, sparkline } from '../charts.js'
import { html, nothing } from '../lib/lit-html/lit-html.js'
import { failure, heading, stateMark, table } from '../parts.js'
import { createPolling } from '../polling.js'
import { address, changed, param } from '../router.js'
import { createSeries } from '../series.js'
import { clock, count, figure, line, marked, span } from '../text.js'

const EVERY_MS = 5000
/** Lag in seconds from which it is told as late, and as an error: the same as on the dashboard for Grafana. */
const LIMITS = [
  { name: 'warning: 30 s', value: 30, kind: 'warn' },
  { name: 'error: 60 s', value: 60, kind: 'bad' },
]
const RINGS = { hour: { step: 5, spanS: 3600 }, day: { step: 60, spanS: 86_400 } }
const MOST_FAILURES = 5

/** The overview: what comes in, how far behind it is, what becomes of it, and what failed last. */
export function createView(app) {
  const polling = createPolling(app, EVERY_MS, () => Promise.all([readSamples(), readOthers()]))
  const seriesOf = (ring) =>
    createSeries(ring, (params) => get(resource('/v1/samples', params), polling.signal))
  let series = seriesOf(RINGS.hour)
  let others

  function readSamples() {
    const ring = RINGS[param('range')] ?? RINGS.hour
    if (series.step !== ring.step) series = seriesOf(ring)
    return series.read()
  }

  async function readOthers() {
    const lists = [
      '/v1/processes',
      '/v1/dropped?limit=10',
      `/v1/streams?state=error&counts=true&limit=${MOST_FAILURES}`,
      `/v1/streams?state=expire_error&counts=true&limit=${MOST_FAILURES}`,
      `/v1/dead-letters?limit=${MOST_FAILURES}`,
      '/v1/clock',
    ]
    const [processes, dropped, errors, expireErrors, letters, eventClock] = await Promise.all(
      lists.map((path) => get(path, polling.signal)),
    )
    others = { processes, dropped, failed: [...errors, ...expireErrors], letters, eventClock }
  }

  const named = (kind) => Object.keys(series.figures).filter((name) => name.startsWith(`${kind}.`))
  const lines = (kind, read = (values) => values) =>
    named(kind).map((name) => ({ name: name.slice(kind.length + 1), values: read(series.figures[name]) }))
  const ratesOf = (values) => rates(series.at, values)
  const sumOf = (kind) =>
    series.at.map((_, index) =>
      named(kind).reduce((sum, name) => sum + (series.figures[name][index] ?? 0), 0),
    )

  function tiles() {
    const { figures } = series
    const lags = lines('lag').map(({ values }) => last(values) ?? 0)
    const lag = lags.length === 0 ? undefined : Math.max(...lags)
    const word = lag === undefined ? '' : lag >= 60 ? 'error' : lag >= 30 ? 'late' : 'in time'
    const kind = { error: 'bad', late: 'warn' }[word] ?? ''
    const taken = ratesOf(sumOf('taken'))
    const letters = sumOf('letters')
    const failed = (last(figures['streams.error']) ?? 0) + (last(figures['streams.expire_error']) ?? 0)
    const silent = others?.processes.filter(({ is_silent }) => is_silent).length ?? 0
    return html`<ul class="tiles" aria-label="Now">
      ${tile('Messages', `${figure(last(taken))}/s`, '', sparkline(taken), address('/live'))}
      ${tile('Lag', `${span(lag)}${word ? `, ${word}` : ''}`, kind, sparkline(lines('lag')[0]?.values ?? []))}
      ${tile('Active streams', count(last(figures['streams.active'])), '', sparkline(figures['streams.active'] ?? []), address('/streams', { state: 'active' }))}
      ${tile('Streams in error', count(failed), failed > 0 ? 'bad' : '', nothing, address('/streams', { state: 'error' }))}
      ${tile('Dead letters', count(last(letters)), last(letters) > 0 ? 'warn' : '', sparkline(letters), address('/dead-letters'))}
      ${tile('Processes', others ? `${others.processes.length}${silent ? `, ${silent} silent` : ''}` : '–', silent ? 'bad' : '', nothing)}
    </ul>`
  }

  function charts() {
    const { at } = series
    const byState = lines('streams')
    return html`<div class="charts">
      ${chart({ title: 'Messages by queue', unit: '/s', at, lines: lines('taken', ratesOf) })}
      ${chart({ title: 'Lag by queue', unit: 's', at, lines: lines('lag'), limits: LIMITS })}
      ${chart({
        title: 'Streams that fired, expired, failed',
        unit: '/s',
        at,
        lines: ['fired', 'expired', 'failed'].map((name) => ({ name, values: ratesOf(sumOf(name)) })),
      })}
      ${chart({ title: 'Streams by state', at, lines: byState })}
      ${chart({ title: 'Dead letters by stage', at, lines: lines('letters') })}
      ${chart({ title: 'Dropped types by queue', unit: '/s', at, lines: lines('dropped', ratesOf) })}
    </div>`
  }

  function triggerTable() {
    const names = new Set(
      ['fired', 'expired', 'failed'].flatMap((kind) =>
        named(kind).map((name) => name.slice(kind.length + 1)),
      ),
    )
    const cell = (kind, name) => {
      const values = series.figures[`${kind}.${name}`]
      return values
        ? html`<span class="with-spark">${count(last(values))} ${sparkline(ratesOf(values))}</span>`
        : '0'
    }
    const rows = [...names]
      .sort()
      .map((name) => [
        html`<a href=${address('/triggers', { open: name })}>${marked(name)}</a>`,
        ...['fired', 'expired', 'failed'].map((kind) => cell(kind, name)),
      ])
    return table('Fired, expired and failed by trigger', ['trigger', 'fired', 'expired', 'failed'], rows)
  }

  function failures() {
    if (!others) return nothing
    const { failed, letters, dropped, processes, eventClock } = others
    return html`<div class="tables">
      ${table(
        'Processes',
        ['role', 'name', 'last contact', 'since'],
        processes.map((one) => [
          one.role,
          line(one.name, 60),
          one.is_silent
            ? html`<span class="state bad">✕ silent for ${span(one.age_s)}</span>`
            : `${span(one.age_s)} ago`,
          clock(one.started_at),
        ]),
        'none has reported: consumers and workers do it every 10 s',
      )}
      ${table(
        'Last failures of streams',
        ['stream', 'trigger', 'state', 'error'],
        failed.map((one) => [
          html`<a href=${address('/streams', { state: one.state, open: one.id })}>${one.id}</a>`,
          line(one.name, 60),
          stateMark(one.state),
          line(one.last_error, 200),
        ]),
      )}
      ${table(
        'Last dead letters',
        ['letter', 'at', 'stage', 'reason'],
        letters.map((one) => [
          html`<a href=${address('/dead-letters', { open: one.id })}>${one.id}</a>`,
          clock(one.at),
          line(one.stage, 40),
          line(one.reason, 200),
        ]),
      )}
      ${table(
        'Dropped types',
        ['queue', 'event type', 'count', 'last'],
        dropped.map((one) => [
          line(one.queue, 60),
          line(one.event_type, 100),
          count(one.count),
          clock(one.last_at),
        ]),
      )}
      ${table(
        'Event clock',
        ['follows', 'now', 'held by'],
        [
          [
            eventClock.follows,
            clock(eventClock.now?.datetime),
            eventClock.held_by.map((one) => line(`${one.queue}: ${one.why}`, 100)).join('; ') || 'nobody',
          ],
        ],
      )}
    </div>`
  }

  return {
    title: 'Overview',
    load: polling.load,
    moved: () => void polling.load(),
    stop: polling.stop,
    render: () => html`
      ${heading('Overview', resource('/v1/samples', { step: series.step }))}
      <p class="choice">${Object.keys(RINGS).map((name) => {
        const isChosen = (param('range') || 'hour') === name
        return html`<a class="button" href=${changed({ range: name === 'hour' ? '' : name })} aria-current=${isChosen ? 'true' : 'false'}>Last ${name}</a> `
      })}</p>
      ${failure(polling.error)}
      ${tiles()} ${charts()} ${triggerTable()} ${failures()}`,
  }
}

function tile(label, value, kind, picture, to) {
  const inner = html`<span class="label">${label}</span> <span class="value ${kind}">${value}</span>${picture}`
  return html`<li>${to ? html`<a class="tile" href=${to}>${inner}</a>` : html`<div class="tile">${inner}</div>`}</li>`
}
