import { get, resource } from '../api.js'
import { html, nothing } from '../lib/lit-html/lit-html.js'
import { heading, stateMark, tableOfSome } from '../parts.js'
import { address, param } from '../router.js'
import { clock, line, marked } from '../text.js'

const MOST = 20

/** What one box finds: it takes a uuid, a request, a tenant, an event type, a stream's number or `trait:value`. */
export function createView(app) {
  let stopping = new AbortController()
  let found
  let asked

  /** Asks for everything that the words may mean; what the API knows nothing of is left out. */
  async function load() {
    const q = param('q').trim()
    asked = q
    stopping.abort()
    stopping = new AbortController()
    found = undefined
    app.update()
    if (q === '') return
    const read = (path) =>
      get(path, stopping.signal).catch((error) => {
        if (error.name === 'AbortError' || error.status === 401) throw error
        return undefined
      })
    const isTrait = /^[\w.]+:./.test(q)
    const isType = /^[\w*?]+(?:[._][\w*?-]+)+$/.test(q)
    const isNumber = /^\d{1,15}$/.test(q)
    const story = read(resource('/v1/timeline', isTrait ? { traits: q } : { of: q }))
    const [timeline, event, byType, byTrait, streams, stream, letters] = await Promise.all([
      story,
      isTrait ? undefined : read(`/v1/events/${encodeURIComponent(q)}`),
      isType ? read(resource('/v1/events', { event_name: q, limit: MOST })) : undefined,
      isTrait ? read(resource('/v1/events', { traits: q, limit: MOST })) : undefined,
      story.then((one) => {
        const traits = isTrait ? q : traitOf(one)
        return traits
          ? read(resource('/v1/streams', { distinguishing_traits: traits, limit: MOST }))
          : undefined
      }),
      isNumber ? read(`/v1/streams/${q}`) : undefined,
      read(resource('/v1/dead-letters', { reason: q, limit: MOST })),
    ])
    if (q !== asked) return
    const events = [...(event ? [event] : []), ...(byType ?? []), ...(byTrait ?? [])]
    found = { timeline, events, streams: [...(stream ?? []), ...(streams ?? [])], letters: letters ?? [] }
    app.update()
  }

  function results() {
    const q = param('q')
    const { timeline, events, streams, letters } = found
    const isNothing = !timeline?.events && events.length + streams.length + letters.length === 0
    return html`<div role="status">${isNothing ? html`<p>Nothing is known of ${line(q)}.</p>` : nothing}</div>
      ${
        timeline?.events
          ? html`<p class="found"><a class="button strong" href=${address('/story', { traits: traitOf(timeline), q })}>The story of ${marked(traitOf(timeline))}</a>
            ${timeline.events} events${timeline.is_truncated ? ' and older ones' : ''}</p>`
          : nothing
      }
      ${tableOfSome(
        'Streams',
        ['stream', 'trigger', 'state', 'last event'],
        streams.map((one) => [
          html`<a href=${address('/streams', { open: one.id, q })}>${one.id}</a>`,
          marked(one.name),
          stateMark(one.state),
          clock(one.last_event?.datetime),
        ]),
      )}
      ${tableOfSome(
        'Events',
        ['time', 'event type', 'message id', 'resource'],
        events.map((one) => [
          clock(one.timestamp.datetime),
          marked(one.event_type),
          html`<a href=${address('/story', { event: one.message_id, traits: one.instance_id ? `instance_id:${one.instance_id}` : '', q })}>${marked(one.message_id)}</a>`,
          marked(one.instance_id ?? ''),
        ]),
      )}
      ${tableOfSome(
        'Dead letters',
        ['letter', 'at', 'stage', 'reason'],
        letters.map((one) => [
          html`<a href=${address('/dead-letters', { open: one.id, q })}>${one.id}</a>`,
          clock(one.at),
          line(one.stage),
          marked(one.reason, { most: 300 }),
        ]),
      )}`
  }

  return {
    title: 'Search',
    load,
    moved: () => void load().catch(app.failed),
    stop: () => stopping.abort(),
    render: () => html`
      ${heading('Search')}
      ${
        param('q') === ''
          ? html`<p>Write into the box above: a uuid, a request id, a tenant, an event type such as <code>compute.*</code>, the number of a stream, or <code>trait:value</code>.</p>`
          : found
            ? results()
            : html`<p role="status">Searching …</p>`
      }`,
  }
}

/** Returns the trait by which the API has found a story, as a filter. */
function traitOf(timeline) {
  const [entry] = Object.entries(timeline?.traits ?? {})
  return entry ? `${entry[0]}:${entry[1]}` : ''
}
