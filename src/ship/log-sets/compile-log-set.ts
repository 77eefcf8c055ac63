import { messageOf } from '../../domain/errors.ts'
import type { Report } from '../../domain/report.ts'
import { compileGlob } from '../../text/glob.ts'
import { didYouMean } from '../../text/suggest.ts'
import type { LogSet } from './log-set.ts'
import { DEFAULT_DEBOUNCE_S, type LogSetConfig } from './log-set-config.ts'
import { type NameDate, parseAdjustment } from './name-date.ts'
import { countGroups, parseSelector } from './selector.ts'
import { type DateField, parseTemplate, type TemplatePart } from './template.ts'

const DATE_KEYS: readonly string[] = ['y', 'm', 'd', 'H', 'M', 'S']

export type CompileOptions = {
  /** whether the customer of a file is known though no group holds its uuid */
  readonly isCustomerKnown?: boolean
}

/**
 * Compiles a log set: regular expression, target, dates and selectors. Reports each fault with its path in the log set.
 * Returns undefined where one of them is an error.
 */
export function compileLogSet(
  config: LogSetConfig,
  report: Report,
  { isCustomerKnown = false }: CompileOptions = {},
): LogSet | undefined {
  let isFaulty = false
  const faults = new Faults((finding) => {
    isFaulty ||= finding.severity === 'error'
    report(finding)
  })
  checkFolders(config, faults)
  const regex = compileRegex(config.regex, faults)
  const groups = regex ? countGroups(regex) : Number.POSITIVE_INFINITY
  const date = config.date_string ? compileDate(config.date_string, groups, faults) : undefined
  const customer = compileCustomer(config.customer_uuid, groups, faults)
  const template = compileTemplate(config.manta_path, groups, faults)
  if (!date && template.some(({ kind }) => kind === 'date'))
    faults.error('date', ['manta_path'], 'manta_path: # stands for a date, but there is no date_string')
  const needsCustomer = template.some((part) => part.kind === 'fact' && part.fact === 'customer')
  if (needsCustomer && customer === undefined && !isCustomerKnown)
    faults.error('customer', ['manta_path'], 'manta_path: %U is the customer, but there is no customer_uuid')
  const adjustMs = parseAdjustment(config.date_adjustment ?? '')
  if (adjustMs === undefined)
    faults.error(
      'date',
      ['date_adjustment'],
      'date_adjustment: expected a number of hours such as -1H or 24H',
    )
  if (isFaulty || !regex) return undefined
  return {
    name: config.name,
    definition: config,
    searchDirs: config.search_dirs,
    searchPattern: config.search_dirs_pattern || undefined,
    regex,
    template,
    debounceMs: (config.debounce_time || DEFAULT_DEBOUNCE_S) * 1000,
    retainMs: (config.retain_time ?? 0) * 1000,
    isUploaded: !config.no_upload,
    zones: config.zones,
    hosts: config.hosts?.map((glob) => compileGlob(glob)),
    date,
    adjustMs: adjustMs ?? 0,
    customer,
    compress: config.compress,
    encrypt: config.encrypt,
    suffix: suffixOf(config),
    target: config.target,
    root: config.root,
    alertAfterMs: config.alert_after === undefined ? undefined : config.alert_after * 1000,
  }
}

function suffixOf({ compress, encrypt }: LogSetConfig): string {
  const packed = compress === undefined ? '' : compress === 'gzip' ? '.gz' : '.zst'
  return encrypt === undefined ? packed : `${packed}.enc`
}

/** Reports faults of one log set. */
class Faults {
  readonly #report: Report

  constructor(report: Report) {
    this.#report = report
  }

  error(code: string, path: readonly (string | number)[], message: string): void {
    this.#report({ severity: 'error', code, path, message })
  }

  warn(code: string, path: readonly (string | number)[], message: string): void {
    this.#report({ severity: 'warning', code, path, message })
  }
}

function checkFolders(config: LogSetConfig, faults: Faults): void {
  const { search_dirs: dirs, search_dirs_pattern: pattern = '' } = config
  if (dirs.length === 0 && pattern === '')
    faults.error(
      'folder',
      ['search_dirs'],
      'search_dirs: expected at least one folder, or search_dirs_pattern',
    )
  dirs.forEach((dir, index) => {
    checkFolder(dir, ['search_dirs', index], faults)
  })
  // A relative pattern is one of the original that never had a match: as there, it finds nothing.
  if (pattern !== '' && !pattern.startsWith('/'))
    faults.warn(
      'folder',
      ['search_dirs_pattern'],
      `search_dirs_pattern: ${JSON.stringify(pattern)} is not absolute, and finds nothing`,
    )
  if (config.root !== undefined) checkFolder(config.root, ['root'], faults)
}

function checkFolder(folder: string, path: readonly (string | number)[], faults: Faults): void {
  const said = `${path[0]}: ${JSON.stringify(folder)}`
  if (!folder.startsWith('/')) faults.error('folder', path, `${said} is not absolute`)
  else if (folder.includes('\0')) faults.error('folder', path, `${said} holds a NUL`)
  else if (folder.split('/').includes('..'))
    faults.error('folder', path, `${said} holds "..", which could lead out of a zone`)
}

function compileRegex(source: string, faults: Faults): RegExp | undefined {
  if (source === '') {
    faults.error('regex', ['regex'], 'regex: it is empty, and would match all files; write .* if it should')
    return undefined
  }
  const posix = /\[\[:[a-z]+:\]/.exec(source)
  if (posix)
    faults.warn(
      'regex',
      ['regex'],
      `regex: ${posix[0]}] stands for the letters in it, not for a class of characters; write \\d or [a-z]`,
    )
  try {
    // A line feed is a character of a name like any other.
    return new RegExp(source, 's')
  } catch (error) {
    faults.error('regex', ['regex'], `regex: ${messageOf(error)}`)
    return undefined
  }
}

function compileDate(fields: { readonly [field: string]: string }, groups: number, faults: Faults): NameDate {
  const date: { [field in DateField]?: number } = {}
  for (const [field, text] of Object.entries(fields)) {
    const path = ['date_string', field]
    if (!DATE_KEYS.includes(field)) {
      const hint = didYouMean(field, DATE_KEYS)
      faults.warn('unknown-key', path, `date_string: unknown part ${JSON.stringify(field)}${hint}`)
      continue
    }
    date[field as DateField] = compileSelector(`date_string.${field}`, text, path, groups, faults)
  }
  return date
}

function compileCustomer(
  text: string | null | undefined,
  groups: number,
  faults: Faults,
): number | undefined {
  if (!text) return undefined
  return compileSelector('customer_uuid', text, ['customer_uuid'], groups, faults)
}

function compileSelector(
  name: string,
  text: string,
  path: readonly string[],
  groups: number,
  faults: Faults,
): number {
  const group = parseSelector(text)
  if (group === undefined)
    faults.error('selector', path, `${name}: expected $ and the number of a group, such as $1`)
  else checkGroup(name, group, groups, path, faults)
  return group ?? 0
}

function checkGroup(
  name: string,
  group: number,
  groups: number,
  path: readonly string[],
  faults: Faults,
): void {
  if (group > groups)
    faults.error('selector', path, `${name}: $${group} is none of the groups of regex, which has ${groups}`)
}

function compileTemplate(text: string, groups: number, faults: Faults): readonly TemplatePart[] {
  const path = ['manta_path']
  if (text === '') faults.error('template', path, 'manta_path: it is empty; expected the path of the target')
  const { parts, faults: found } = parseTemplate(text)
  for (const { offset, message } of found)
    faults.error('template', path, `manta_path: character ${offset + 1}: ${message}`)
  for (const part of parts)
    if (part.kind === 'group') checkGroup('manta_path', part.group, groups, path, faults)
  return parts
}
