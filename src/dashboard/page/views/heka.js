import { get, resource } from '../api.js'
import { chart, last } from '../charts.js'
import { html } from '../lib/lit-html/lit-html.js'
import { failure, heading, table } from '../parts.js'
import { createPolling } from '../polling.js'
import { clock, line, span } from '../text.js'

const EVERY_MS = 1000
/** The gauge reaches to here at least, s. */
const SCALE = 150
const NO_LIMITS = { warn: 30, error: 60 }

/** Messages of Heka in the last minute: how many, how far behind, in which batches, and who sent them. */
export function createView(app) {
  let found
  const polling = createPolling(app, EVERY_MS, async () => {
    found = await get('/v1/heka', polling.signal)
  })

  const lines = (values) => Object.entries(values).map(([name, one]) => ({ name, values: one }))

  function gauge({ lag, lag_threshold }) {
    const { warn, error: bad } = lag_threshold ?? NO_LIMITS
    const known = Object.values(lag).map((values) => last(values) ?? 0)
    const now = known.length === 0 ? undefined : Math.max(...known)
    const word = now === undefined ? '' : now >= bad ? ', error' : now >= warn ? ', late' : ', in time'
    const top = Math.max(SCALE, now ?? 0)
    return html`<p class="gauge"><label>Lag now: <b>${span(now)}${word}</b>
      <meter min="0" max=${top} low=${warn} high=${bad} optimum="0" .value=${now ?? 0}>${span(now)}</meter></label></p>`
  }

  function charts({ at, throughput, lag, lag_threshold, batches }) {
    const { warn, error: bad } = lag_threshold ?? NO_LIMITS
    const limits = [
      { name: `warning: ${warn} s`, value: warn, kind: 'warn' },
      { name: `error: ${bad} s`, value: bad, kind: 'bad' },
    ]
    return html`<div class="charts">
      ${chart({ title: 'Lag', unit: 's', at, lines: lines(lag), limits, form: 'area' })}
      ${chart({ title: 'Messages by sender', unit: '/s', at, lines: lines(throughput), form: 'stack' })}
      ${chart({ title: 'Batches', unit: '/s', at, lines: lines(batches) })}
    </div>`
  }

  function senders(known) {
    return table(
      'Senders',
      ['sender', 'source', 'last seen'],
      known.map(({ sender, source, last_seen }) => [
        line(sender, 60),
        line(source, 60),
        `${clock(last_seen)}, ${span(Math.max(0, Math.round(Date.now() / 1000 - last_seen)))} ago`,
      ]),
      'none has spoken: receivers and subscribers do it every second',
    )
  }

  return {
    title: 'Heka',
    load: polling.load,
    stop: polling.stop,
    render: () => html`
      ${heading('Heka, the last minute', resource('/v1/heka'))}
      ${failure(polling.error)}
      ${found ? [gauge(found), charts(found), senders(found.senders)] : ''}`,
  }
}
