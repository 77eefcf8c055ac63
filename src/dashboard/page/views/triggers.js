import { get, send } from '../api.js'
import { html, nothing, svg } from '../lib/lit-html/lit-html.js'
import { failure, heading, table } from '../parts.js'
import { address, changed, param } from '../router.js'
import { clock, count, line, marked, plain, span } from '../text.js'

/** Triggers: what they match, what becomes of it, why not, and a notification tried by hand. */
export function createView(app) {
  const stopping = new AbortController()
  let triggers
  let error
  let text = ''
  let tried
  let tryError

  async function load() {
    try {
      triggers = await get('/v1/triggers', stopping.signal)
      error = undefined
    } catch (failed) {
      if (failed.name !== 'AbortError') error = failed
    }
    app.update()
  }

  async function tryOne(event) {
    event.preventDefault()
    text = String(new FormData(event.target).get('notification') ?? '')
    tried = tryError = undefined
    try {
      tried = await send('POST', '/v1/notifications/explain', text)
    } catch (failed) {
      tryError = failed
    }
    app.update()
  }

  function overview() {
    return table(
      'Triggers',
      [
        'trigger',
        'matched',
        'not matched',
        'ready',
        'active',
        'fired',
        'expired',
        'failed',
        'mean time to fire',
      ],
      triggers.map((one) => [
        html`<a href=${changed({ open: one.name })} aria-current=${param('open') === one.name ? 'true' : 'false'}>${marked(one.name)}</a>${one.is_configured ? nothing : ' (not in the configuration)'}`,
        ...[
          one.matched,
          one.mismatched,
          one.ready,
          one.streams.active,
          one.fired,
          one.expired,
          one.failed,
        ].map(count),
        span(one.mean_seconds_to_fire),
      ]),
    )
  }

  function detail() {
    const one =
      triggers.find(({ name }) => name === param('open')) ?? (param('open') === '' ? triggers[0] : undefined)
    if (!one)
      return param('open') === ''
        ? nothing
        : html`<p class="failure">There is no trigger ${line(param('open'))}.</p>`
    const { criteria, mismatches } = one
    return html`<section aria-labelledby="trigger-title">
      <h2 id="trigger-title">${marked(one.name)}</h2>
      ${funnel(one)}
      <p>Told apart by ${one.distinguished_by.map((name) => line(name)).join(', ') || 'nothing: one stream for all'}.
        Pipelines: ${line(one.fire_pipeline ?? 'none')} when it fires, ${line(one.expire_pipeline ?? 'none')} when it expires.
        <a href=${address('/streams', { trigger_name: one.name })}>Its streams</a></p>
      ${
        criteria
          ? html`<div class="criteria">
            <div><h3>Matches one of</h3><ul>${criteria.match.map((text) => html`<li><code>${line(text, 2000)}</code></li>`)}</ul></div>
            <div><h3>Fires with all of</h3><ul>${criteria.fire.length === 0 ? html`<li>never: it only expires</li>` : criteria.fire.map((text) => html`<li><code>${line(text, 2000)}</code></li>`)}</ul></div>
            <div><h3>Expires at</h3><p><code>${line(criteria.expiration, 500)}</code></p></div>
          </div>`
          : html`<p class="quiet">The API's configuration does not have this trigger.</p>`
      }
      ${table(
        'Why events do not match, the commonest first',
        ['reason', 'events', 'last'],
        mismatches.map(({ reason, count: number, last_at }) => [
          line(reason, 300),
          count(number),
          clock(last_at),
        ]),
      )}
    </section>`
  }

  function tryForm() {
    if (!app.mayWrite()) return html`<p class="quiet">Trying a notification needs a token that may write.</p>`
    return html`<section aria-labelledby="try-title">
      <h2 id="try-title">Try a notification</h2>
      <form @submit=${tryOne}>
        <label for="notification">A notification as JSON. Nothing is stored.</label>
        <textarea id="notification" name="notification" rows="8" spellcheck="false" required .value=${text}></textarea>
        <button type="submit">Try</button>
      </form>
      ${failure(tryError)} ${tried ? verdict(tried) : nothing}
    </section>`
  }

  return {
    title: 'Triggers',
    load,
    stop: () => stopping.abort(),
    render: () => html`
      ${heading('Triggers', '/v1/triggers')}
      ${failure(error)}
      ${triggers ? html`${overview()} ${detail()}` : html`<p>Loading …</p>`}
      ${tryForm()}`,
  }
}

/** Returns what was seen, and how much of it came to each next step, as bars. */
function funnel({ name, matched, mismatched, misplaced, ready, fired, expired, failed, streams }) {
  const joined = Math.max(0, matched - misplaced)
  const steps = [
    ['seen', matched + mismatched, 'events'],
    ['matched', matched, 'events'],
    ['joined', joined, 'events'],
    ['active', streams.active, 'streams'],
    ['ready', ready, 'streams'],
    ['fired', fired, 'streams'],
    ['expired', expired, 'streams'],
    ['failed', failed, 'streams'],
  ]
  const most = { events: Math.max(1, matched + mismatched) }
  most.streams = Math.max(1, streams.active, fired, expired, failed)
  return html`<figure class="funnel">
    <figcaption>What becomes of events and streams of ${line(name, 80)}</figcaption>
    <ol>${steps.map(
      ([step, number, of]) => html`<li>
      <span class="label">${step}</span>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">${svg`<rect class=${`bar ${step}`} width=${((number / most[of]) * 100).toFixed(2)} height="10" />`}</svg>
      <span class="value">${count(number)} ${of}</span></li>`,
    )}</ol>
  </figure>`
}

/** Returns what the configuration makes of a notification. Other views show it too. */
export function verdict({ event_type, error, definition, traits, triggers }) {
  return html`<div class="verdict" role="status">
    <p>${
      error
        ? html`<strong class="failure">${line(error, 500)}</strong>`
        : html`<code>${line(event_type)}</code> becomes an event by the definition ${definition?.file ? `${line(definition.file)}:${definition.line}` : 'for everything else'}.`
    }</p>
    ${table(
      'Triggers',
      ['trigger', 'verdict', 'reason or key', 'fire criteria'],
      triggers.map((one) => [
        line(one.name, 80),
        one.match
          ? html`<span class="state good">✓ joins</span>`
          : html`<span class="state plain">– no</span>`,
        one.match
          ? Object.entries(one.key ?? {}).map(
              ([name, value]) => `${line(name, 40)} ${line(plain(value), 80)} `,
            )
          : line(one.reason, 300),
        one.fire_criteria.map(
          ({ criterion, met, reason }) =>
            html`<div>${met ? 'met' : 'not met'}: <code>${line(criterion, 200)}</code> ${line(reason ?? '', 200)}</div>`,
        ),
      ]),
      'it is no event, or no trigger looks at it',
    )}
    ${
      Object.keys(traits).length > 0
        ? table(
            'Traits',
            ['trait', 'type', 'value', 'field'],
            Object.entries(traits).map(([name, one]) => [
              line(name, 60),
              one.type,
              line(shownValue(one), 200),
              html`<code>${line(one.field ?? '', 200)}</code>`,
            ]),
          )
        : nothing
    }
  </div>`
}

function shownValue({ value, begin, end }) {
  return begin === undefined ? plain(value) : `${begin} to ${end}`
}
