import { dirname } from 'node:path'
import { ConfigError, messageOf, type Position } from '../../domain/errors.ts'
import type { Findings } from '../checks/findings.ts'
import { type IniEntry, type IniSection, parseIniDocument } from '../documents/ini-document.ts'
import { readConfigText } from '../documents/read-config-text.ts'
import {
  type LogFileSetting,
  type LogSettings,
  logPath,
  NO_LOG_SETTINGS,
  readLogLevel,
} from './log-settings.ts'

type Sections = ReadonlyMap<string, IniSection>

/** Handlers of Python's logging that append to a file; turning files over is left to logrotate. */
const FILE_HANDLERS = ['FileHandler', 'WatchedFileHandler', 'RotatingFileHandler', 'TimedRotatingFileHandler']
/** Those that write to standard error, or nothing. */
const OTHER_HANDLERS = ['StreamHandler', 'NullHandler']

/**
 * Reads level and file of the root logger from a file of Python's logging (`fileConfig`): what StackTach.v3 names in
 * logging_config. Formats and other loggers have no effect. Adds a finding for a handler that is not simple: one of
 * another class than files and streams, or with arguments that have to be computed.
 */
export async function readLoggingConfig(
  file: string,
  findings: Findings,
  /** the place that names the file */
  named: { readonly path: readonly string[]; readonly position: Position },
): Promise<LogSettings> {
  let sections: Sections
  try {
    sections = parseIniDocument(await readConfigText(file), file)
  } catch (error) {
    if (error instanceof ConfigError && error.findings.length > 0) findings.addAll(error.findings)
    else
      findings.error(
        'missing-file',
        [...named.path],
        `${named.path.at(-1)}: ${messageOf(error)}`,
        named.position,
      )
    return NO_LOG_SETTINGS
  }
  const root = sections.get('logger_root')
  if (!root) {
    const message = `${named.path.at(-1)}: ${file} has no section [logger_root]`
    findings.error('value', [...named.path], message, named.position)
    return NO_LOG_SETTINGS
  }
  return {
    level: levelOf(root, findings),
    file: fileOf(sections, root, file, findings),
  }
}

function levelOf({ entries }: IniSection, findings: Findings): LogSettings['level'] {
  const level = entries.get('level')
  if (!level) return undefined
  return readLogLevel('level', level.value, (message) =>
    warn(findings, ['logger_root', 'level'], message, level.position),
  )
}

function fileOf(
  sections: Sections,
  root: IniSection,
  file: string,
  findings: Findings,
): LogFileSetting | undefined {
  const names = (root.entries.get('handlers')?.value ?? '').split(/[,\s]+/).filter((name) => name !== '')
  const files = names.flatMap((name) => fileOfHandler(sections, name, root, file, findings) ?? [])
  const [first, second] = files
  if (second) {
    const message = `the log goes to one file, ${first?.path}; this handler has no effect`
    warn(findings, [], message, second.position)
  }
  return first
}

function fileOfHandler(
  sections: Sections,
  name: string,
  root: IniSection,
  file: string,
  findings: Findings,
): LogFileSetting | undefined {
  const section = sections.get(`handler_${name}`)
  if (!section) {
    const { position } = root.entries.get('handlers') as IniEntry
    findings.error(
      'value',
      ['logger_root', 'handlers'],
      `handlers: there is no section [handler_${name}]`,
      position,
    )
    return undefined
  }
  const given = section.entries.get('class')
  const kind = given?.value.split('.').at(-1) ?? ''
  if (OTHER_HANDLERS.includes(kind)) return undefined
  if (!FILE_HANDLERS.includes(kind)) {
    const known = [...FILE_HANDLERS, ...OTHER_HANDLERS].join(', ')
    const message = `class: ${kind || 'none'} is not available: expected one of ${known}`
    findings.error('value', [`handler_${name}`, 'class'], message, given?.position ?? section.position)
    return undefined
  }
  if (kind.includes('Rotating')) {
    const message = `class: ${kind} does not turn files over here; logrotate does, and the log follows it`
    warn(findings, [`handler_${name}`, 'class'], message, given?.position ?? section.position)
  }
  const args = section.entries.get('args')
  const [, , path] = /^\(\s*[ur]?(['"])([^'"\\]+)\1\s*(?:,[^()]*)?\)$/.exec(args?.value.trim() ?? '') ?? []
  if (path === undefined) {
    const message = `args: expected the path of a file in quotation marks, such as ('/var/log/stv3.log', 'a')`
    findings.error('value', [`handler_${name}`, 'args'], message, args?.position ?? section.position)
    return undefined
  }
  return { path: logPath(dirname(file), path), key: 'args', position: args?.position ?? section.position }
}

function warn(findings: Findings, path: readonly string[], message: string, position: Position): void {
  findings.add({ severity: 'warning', code: 'value', path: [...path], message, position })
}
