import { get, resource } from '../api.js'
import { html, nothing, svg } from '../lib/lit-html/lit-html.js'
import { failure, filterForm, heading, table } from '../parts.js'
import { go, param } from '../router.js'
import { count, figure, line, span } from '../text.js'

const FIELDS = [
  { name: 'by', label: 'By', options: ['region', 'host', 'flavour'] },
  { name: 'from_datetime', label: 'From', placeholder: '-7d' },
  { name: 'to_datetime', label: 'To', placeholder: 'now' },
]
const OPERATIONS = ['create', 'delete', 'resize', 'rebuild', 'snapshot']
/** Rows of days that are shown; the CSV has all. */
const MOST_ROWS = 300

function filterOf() {
  return Object.fromEntries(FIELDS.map(({ name }) => [name, param(name)]))
}

/** Service levels: how long operations of instances take, and how many fail. */
export function createView(app) {
  const stopping = new AbortController()
  let found
  let error

  async function load() {
    try {
      found = await get(resource('/v1/levels', filterOf()), stopping.signal)
      error = undefined
    } catch (failed) {
      if (failed.name !== 'AbortError') error = failed
    }
    app.update()
  }

  function content() {
    const { by, levels, buckets_s, is_truncated } = found
    const whole = levels.filter(({ day }) => day === null)
    const days = levels.filter(({ day }) => day !== null)
    if (whole.length === 0)
      return html`<p>No create, delete, resize, rebuild or snapshot began in this time.</p>`
    const title = by ? ['operation', by] : ['operation']
    const names = (one) => (by ? [one.operation, line(one.value ?? 'unknown', 80)] : [one.operation])
    return html`
      ${is_truncated ? html`<p class="failure">There were too many events to read all of them: ask for a shorter time.</p>` : nothing}
      ${OPERATIONS.map((operation) =>
        histogram(
          operation,
          whole.filter((one) => one.operation === operation),
          buckets_s,
        ),
      )}
      ${table(
        'Over the whole time',
        [...title, ...COLUMNS],
        whole.map((one) => [...names(one), ...cells(one)]),
      )}
      ${table(
        `By day (UTC)${days.length > MOST_ROWS ? `, the last ${MOST_ROWS} of ${count(days.length)} rows` : ''}`,
        ['day', ...title, ...COLUMNS],
        days.slice(-MOST_ROWS).map((one) => [one.day, ...names(one), ...cells(one)]),
      )}`
  }

  return {
    title: 'Service levels',
    load,
    moved: () => void load(),
    stop: () => stopping.abort(),
    render: () => html`
      ${heading('Service levels', resource('/v1/levels', filterOf()))}
      ${filterForm(FIELDS, go)}
      <p><a download="service-levels.csv" href=${resource('/v1/levels', { ...filterOf(), format: 'csv' })}>CSV</a>
        <a href=${resource('/v1/levels', { ...filterOf(), format: 'prometheus' })} target="_blank" rel="noopener">Prometheus<span class="unseen">, in a new tab</span></a></p>
      ${failure(error)} ${found ? content() : html`<p>Loading …</p>`}`,
  }
}

const COLUMNS = ['attempts', 'failed', 'unfinished', 'median', '90 %', '99 %', 'longest']

function cells({ attempts, failed, unfinished, p50_s, p90_s, p99_s, max_s }) {
  const share = attempts > 0 ? ` (${figure((failed / attempts) * 100)} %)` : ''
  return [
    count(attempts),
    failed > 0 ? html`<span class="state bad">✕ ${count(failed)}${share}</span>` : '0',
    count(unfinished),
    ...[p50_s, p90_s, p99_s, max_s].map(span),
  ]
}

/** Returns how many attempts took how long, as bars with their numbers. */
function histogram(operation, levels, buckets) {
  if (levels.length === 0) return nothing
  const sums = [...buckets, null].map((_, index) =>
    levels.reduce((sum, one) => sum + one.histogram[index], 0),
  )
  const most = Math.max(1, ...sums)
  const bounds = [...buckets.map((bound) => `≤ ${span(bound)}`), 'longer']
  return html`<figure class="histogram">
    <figcaption>${operation}: how long it took</figcaption>
    <ol>${sums.map(
      (number, index) => html`<li><span class="label">${bounds[index]}</span>
      <svg viewBox="0 0 10 40" preserveAspectRatio="none" aria-hidden="true">${svg`<rect class="bar" x="1" width="8" y=${(40 - (number / most) * 40).toFixed(2)} height=${((number / most) * 40).toFixed(2)} />`}</svg>
      <span class="value">${count(number)}</span></li>`,
    )}</ol>
  </figure>`
}
