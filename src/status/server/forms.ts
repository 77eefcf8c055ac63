import type { IncomingMessage, ServerResponse } from 'node:http'
import { InvalidError } from '../../domain/errors.ts'
import { jsonForm, textForm } from '../tree/encode.ts'
import type { StatusModel, StatusQuery } from '../tree/status-model.ts'
import { htmlPage } from './html-page.ts'
import { prometheusText } from './prometheus-text.ts'
import { PLAIN, sendText } from './send-text.ts'

const TYPES = ['text', 'json', 'html', 'prometheus', 'events'] as const
type FormType = (typeof TYPES)[number]

/** How a GET is to be answered. */
export type Form = {
  readonly type: FormType
  readonly contentType: string
  readonly filter: StatusQuery
  /** change index from which on a change is waited for */
  readonly wait: number | undefined
  /** whether the change index is given in the header Status-Index */
  readonly hasIndex: boolean
}

const CONTENT_TYPES: { readonly [type in FormType]: string } = {
  text: PLAIN,
  // As hermes says; who asks for application/json gets it.
  json: PLAIN,
  html: 'text/html; charset=utf-8',
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  events: 'text/event-stream',
}

/** Reads what a GET asks for. Throws InvalidError for a parameter that is none. */
export function formOf(request: IncomingMessage, query: ReadonlyMap<string, string>): Form {
  const accept = request.headers.accept ?? ''
  const type = typeOf(query.get('type') ?? '', accept)
  const wait = numberOf(query, 'wait')
  const asksForJson = type === 'json' && accept.includes('application/json')
  return {
    type,
    contentType: asksForJson ? 'application/json' : CONTENT_TYPES[type],
    filter: { prefix: query.get('prefix'), maxAge: numberOf(query, 'max_age') },
    wait,
    hasIndex: query.has('wait') || query.has('index'),
  }
}

/** Sends all that is known now in the form that is asked for. */
export function serve(response: ServerResponse, model: StatusModel, form: Form): void {
  const { type, contentType, filter, hasIndex } = form
  if (hasIndex) response.setHeader('status-index', model.index)
  if (type === 'html') {
    response.setHeader('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
    response.setHeader('cache-control', 'no-store')
  }
  sendText(response, 200, contentType, bodyOf(type, model, filter))
}

function bodyOf(type: FormType, model: StatusModel, filter: StatusQuery): string {
  const statuses = model.statuses(filter)
  if (type === 'json') return jsonForm(statuses)
  if (type === 'html') return htmlPage(statuses, model.refusals())
  return type === 'prometheus' ? prometheusText(statuses, model.refusals()) : textForm(statuses)
}

function typeOf(text: string, accept: string): FormType {
  if (text === '') return typeByAccept(accept)
  const type = TYPES.find((one) => one === text)
  if (type) return type
  throw new InvalidError(
    `expected text, json, html, prometheus or events as type, found ${JSON.stringify(text.slice(0, 100))}`,
  )
}

/** Only what browsers and their event sources send counts: hermes gives text whatever a program accepts. */
function typeByAccept(accept: string): FormType {
  if (accept.includes('text/event-stream')) return 'events'
  return accept.includes('text/html') && accept.includes('application/xhtml+xml') ? 'html' : 'text'
}

function numberOf(query: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = query.get(name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && Number.isFinite(value)) return value
  throw new InvalidError(
    `expected a number of at least 0 as ${name}, found ${JSON.stringify(text.slice(0, 100))}`,
  )
}
