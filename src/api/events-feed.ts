import { z } from 'zod'
import { formatIso } from '../domain/time.ts'
import { type AtomLink, atomFeed } from '../formats/atom-feed.ts'
import { formatMark } from '../formats/rest-form.ts'
import { type Operation, operation } from '../http/operation.ts'
import { StreamedAnswer } from '../http/streamed-answer.ts'
import type { Queries } from '../store/ports/queries.ts'
import { eventFilterOf } from './events.ts'
import { eventsQuery, noParams, pageOf } from './params.ts'

const TYPE = 'application/atom+xml'

/** Returns the operation of `/v1/events.atom`: a list of events as a paged feed. */
export function eventsFeedOperation(store: Queries): Operation {
  return operation({
    method: 'get',
    path: '/v1/events.atom',
    summary:
      'events as a paged Atom feed (RFC 4287, RFC 5005), the last stored first; the link `next` leads to older events, `previous` to newer ones, which may be none yet',
    query: eventsQuery,
    params: noParams,
    answer: z.string(),
    contentType: TYPE,
    httpProblems: {},
    async run({ query, url, signal, limits }) {
      const page = { ...pageOf(query), ...limits }
      await limits.admit(limits.maxBytes)
      const found = await store.listEvents(eventFilterOf(query), page, signal)
      // A feed has the last stored event first, whichever way the page was reached.
      const events = page.ascending ? found.toReversed() : found
      const ends = { newest: events[0]?.id, oldest: events.at(-1)?.id }
      const links = linksOf(url, ends)
      const feed = { id: idOf(url), title: titleOf(query.event_name), links, events, now: nowText() }
      return new StreamedAnswer(atomFeed(feed), undefined, TYPE)
    },
  })
}

type Ends = { readonly newest: number | undefined; readonly oldest: number | undefined }

/** Returns the links of a page. A page without events has none to older ones; asked again it may have newer ones. */
function linksOf(url: string, { newest, oldest }: Ends): AtomLink[] {
  const at = (mark: string | undefined) => {
    const params = paramsOf(url)
    params.delete('mark')
    if (mark !== undefined) params.set('mark', mark)
    const text = params.toString()
    return text === '' ? 'events.atom' : `events.atom?${text}`
  }
  const own = paramsOf(url).toString()
  return [
    { rel: 'self', href: own === '' ? 'events.atom' : `events.atom?${own}` },
    { rel: 'first', href: at(undefined) },
    ...(oldest === undefined ? [] : [{ rel: 'next', href: at(formatMark(oldest, false)) } as const]),
    ...(newest === undefined ? [] : [{ rel: 'previous', href: at(formatMark(newest, true)) } as const]),
  ]
}

/** Returns an id that all pages of one filter share. */
function idOf(url: string): string {
  const params = paramsOf(url)
  for (const name of ['mark', 'limit']) params.delete(name)
  params.sort()
  const filter = params.toString()
  return `urn:x-stacktach:events${filter === '' ? '' : `:${encodeURIComponent(filter)}`}`
}

function paramsOf(url: string): URLSearchParams {
  return new URLSearchParams(url.split('?')[1] ?? '')
}

function titleOf(name: z.output<typeof eventsQuery>['event_name']): string {
  if (name === undefined) return 'events'
  return typeof name === 'string' ? `events ${name}` : `events ${name.isNegated ? '!' : ''}${name.text}`
}

function nowText(): string {
  return `${formatIso(Date.now() * 1000)}Z`
}
