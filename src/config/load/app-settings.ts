import { isModulePath } from '../../runtime/load-class.ts'
import { compileEventTypeFilter } from '../../text/event-type-filter.ts'
import { didYouMean } from '../../text/suggest.ts'
import type { IniReader } from '../documents/ini-reader.ts'

/** Where entries are posted to. */
export type FeedAppSettings = {
  readonly url: string
  /** with one, user and key get a token there; without, they are sent as they are (Basic) */
  readonly authServer: string | undefined
  readonly user: string | undefined
  readonly key: string | undefined
  /** further attempts after the first; undefined: as many as it takes */
  readonly retries: number | undefined
  readonly intervalMs: number
  readonly maxWaitMs: number
  readonly timeoutMs: number
  /** region and data_center of usage that is posted */
  readonly extra: { readonly [name: string]: string }
}

export type IndexAppSettings = {
  readonly url: string
  readonly index: string
  readonly region: string | undefined
  /** file of event definitions; undefined: those of winchester.yaml */
  readonly distillerConfig: string | undefined
}

/** What a queue's messages are given to. */
export type AppSettings = {
  /** as dead letters and filters name it: its class */
  readonly name: string
  /** whether notifications of this event type reach it */
  readonly accepts: (eventType: string) => boolean
} & (
  | { readonly kind: 'winchester' | 'shoebox' | 'null' }
  | { readonly kind: 'atompub' | 'cufpub'; readonly feed: FeedAppSettings }
  | { readonly kind: 'elasticsearch'; readonly server: IndexAppSettings }
  | { readonly kind: 'own'; readonly classPath: string; readonly values: { readonly [key: string]: string } }
)

/** Class paths of old files, a dot or a colon before the class, by what answers to them here. */
const KINDS: readonly (readonly [AppSettings['kind'], RegExp])[] = [
  ['winchester', /(^|winchester\.yagi_handler[.:])WinchesterHandler$/],
  ['shoebox', /(^|yagi\.handler\.shoebox_handler[.:])ShoeboxHandler$/],
  ['atompub', /(^|yagi\.handler\.atompub_handler[.:])AtomPub$/],
  ['cufpub', /(^|yagi\.handler\.cuf_pub_handler[.:])CufPub$/],
  ['elasticsearch', /(^|yagi\.handler\.elasticsearch_handler[.:])ElasticsearchHandler$/],
  ['null', /(^|yagi\.handler[.:])NullHandler$/],
]
const NAMES = 'WinchesterHandler, ShoeboxHandler, AtomPub, CufPub, ElasticsearchHandler, NullHandler'

/** Reads the apps of a queue in order; what is wrong goes to the reader's problems. */
export function readApps(ini: IniReader, queue: string): AppSettings[] {
  const section = `consumer:${queue}`
  const classPaths = ini.list(section, 'apps')
  const apps = classPaths.flatMap((classPath) => readApp(ini, queue, classPath) ?? [])
  for (const [index, { name }] of apps.entries()) {
    if (apps.findIndex((app) => app.name === name) === index) continue
    const message = `apps: ${name} stands there twice; dead letters and filters tell apps apart by their class`
    ini.problem(section, 'apps', message)
  }
  if (ini.has(section) && classPaths.length === 0) {
    ini.problem(section, 'apps', `apps: expected what messages are given to: ${NAMES}, or ./my.js:MyApp`)
  }
  return apps
}

function readApp(ini: IniReader, queue: string, classPath: string): AppSettings | undefined {
  const name = classPath.split(/[.:]/).at(-1) as string
  const kind = KINDS.find(([, pattern]) => pattern.test(classPath))?.[0]
  const shared = { name, accepts: filterOf(ini, queue, [name, kind ?? name]) }
  switch (kind) {
    case 'atompub':
    case 'cufpub':
      return { ...shared, kind, feed: readFeed(ini, kind, queue) }
    case 'elasticsearch':
      return { ...shared, kind, server: readServer(ini, queue) }
    case undefined: {
      if (isModulePath(classPath)) {
        return { ...shared, kind: 'own', classPath, values: ini.merged(name, queue) }
      }
      const message = `apps: ${classPath} is not available; known are ${NAMES}, own ones are named as ./my.js:MyApp`
      ini.problem(`consumer:${queue}`, 'apps', message)
      return undefined
    }
    default:
      return { ...shared, kind } as AppSettings
  }
}

function readFeed(ini: IniReader, name: string, queue: string): FeedAppSettings {
  const at = (key: string) => ini.sectionWith(key, name, queue)
  const url = ini.text(at('url'), 'url') ?? ''
  requireUrl(ini, at('url'), 'url', url, `the app needs url in a section [${name}]`)
  // As the original has it: so many attempts, and 0 for as many as it takes.
  const attempts = Math.trunc(ini.number(at('retries'), 'retries', -1, -1))
  const credential = (key: string) => ini.text(at(key), key) || ini.text('handler_auth', key) || undefined
  const [authServer, user, key] = ['auth_server', 'user', 'key'].map(credential)
  if (authServer !== undefined) {
    if (!URL.canParse(authServer))
      ini.problem(at('auth_server'), 'auth_server', 'auth_server: expected http(s)://…')
    if (!user || !key)
      ini.problem(at('auth_server'), 'auth_server', 'auth_server: needs user and key beside it')
  }
  return {
    url,
    authServer,
    user,
    key,
    extra: extraOf(ini, at),
    retries: attempts <= 0 ? undefined : attempts - 1,
    intervalMs: ini.number(at('interval'), 'interval', 30) * 1000,
    maxWaitMs: ini.number(at('max_wait'), 'max_wait', 600) * 1000,
    timeoutMs: ini.number(at('timeout'), 'timeout', 120, 0.001) * 1000,
  }
}

/** Keys of ours, or `atom_categories = DATACENTER=…, REGION=…` of the original's [event_feed]. */
function extraOf(ini: IniReader, at: (key: string) => string): { [name: string]: string } {
  const categories = Object.fromEntries(
    ini
      .list('event_feed', 'atom_categories')
      .map((category) => category.split('=').map((part) => part.trim())),
  )
  const region = ini.text(at('region'), 'region') || categories.REGION
  const dataCenter = ini.text(at('data_center'), 'data_center') || categories.DATACENTER
  return { ...(region ? { region } : {}), ...(dataCenter ? { data_center: dataCenter } : {}) }
}

function readServer(ini: IniReader, queue: string): IndexAppSettings {
  const at = (key: string) => ini.sectionWith(key, 'elasticsearch', queue)
  const host = ini.text(at('elasticsearch_host'), 'elasticsearch_host') ?? ''
  const url = host === '' || /^https?:/.test(host) ? host : `http://${host}`
  const missing = 'the app needs elasticsearch_host in a section [elasticsearch]'
  requireUrl(ini, at('elasticsearch_host'), 'elasticsearch_host', url, missing)
  return {
    url,
    index: ini.text(at('index'), 'index') || 'stacktach-events',
    region: ini.text(at('region'), 'region') || undefined,
    distillerConfig: ini.text(at('distiller_config'), 'distiller_config') || undefined,
  }
}

function requireUrl(ini: IniReader, section: string, key: string, url: string, missing: string): void {
  if (URL.canParse(url) && /^https?:/.test(url)) return
  if (ini.has(section)) ini.problem(section, key, url === '' ? missing : `${key}: expected http(s)://…`)
  else ini.problem('consumers', 'queues', missing)
}

/** Sections of filters: HANDLER = event types. */
export const FILTER_SECTIONS = ['filters', 'exclude_filters', 'discard_filters']

/** Keys of an INI file have no case. [filters]: only these reach it; [exclude_filters] and [discard_filters]: all but these do. */
function filterOf(ini: IniReader, queue: string, names: readonly string[]): (eventType: string) => boolean {
  const listed = (section: string) =>
    names
      .map((name) => name.toLowerCase())
      .map((key) => ini.list(ini.sectionWith(key, section, queue), key))
      .find((types) => types.length > 0) ?? []
  const only = listed('filters')
  const excluded = [...listed('exclude_filters'), ...listed('discard_filters')]
  if (only.length + excluded.length === 0) return () => true
  return compileEventTypeFilter([...only, ...excluded.map((type) => `!${type}`)])
}

/** A filter of what is no app of any queue would be passed over in silence. */
export function checkFilterNames(ini: IniReader, apps: readonly AppSettings[]): void {
  const known = [...new Set(apps.flatMap(({ name, kind }) => [name, kind]))].filter((name) => name !== 'own')
  for (const section of ini.sectionsOf(FILTER_SECTIONS)) {
    for (const name of ini.keysOf(section)) {
      if (known.some((one) => one.toLowerCase() === name.toLowerCase())) continue
      const message = `${name} is the app of no queue; known are ${known.join(', ')}${didYouMean(name, known)}`
      // Without effect: what it would keep back goes nowhere.
      ini.problem(section, name, message, 'warning')
    }
  }
}
