import { CALLBACKS } from '../../archive/callbacks/callback-registry.ts'
import { isModulePath } from '../../runtime/load-class.ts'
import type { SectionValues } from '../../text/section-schema.ts'
import type { IniReader } from '../documents/ini-reader.ts'
import { readSection } from '../documents/ini-section.ts'
import { YAGI } from '../schemas/yagi-schema.ts'

/** The settings of an archive: where its files are, and when a new one begins. */
export type ArchiveSettings = {
  /** the folder of files that are being written */
  readonly workingDirectory: string
  /** the folder of complete files */
  readonly destinationFolder: string
  /** the name of a new file, with parts of strftime */
  readonly filenameTemplate: string
  /** size in bytes at which a new file begins */
  readonly rollBytes: number
  /** age in minutes at which a new file begins; 0: at none */
  readonly rollMinutes: number
  /** one message a line, or binary */
  readonly form: 'lines' | 'shoebox'
  /** how complete files are packed */
  readonly compression: (typeof COMPRESSIONS)[number]
  /** whether an index is put beside each complete file */
  readonly hasIndex: boolean
  /** age in days at which complete files are deleted; 0: never */
  readonly keepDays: number
  /** class paths of what complete files are given to, in order; those of modules are absolute */
  readonly callbacks: readonly string[]
  /** texts of the section, which callbacks are made with */
  readonly callbackValues: { readonly [key: string]: string }
  /** what is written around each message */
  readonly wrap: { readonly region: string; readonly cell: string } | undefined
}

const COMPRESSIONS = ['none', 'gzip', 'zstd'] as const

/**
 * Most bytes of a file name: the disk allows 255, of which the owner's name takes 104 while a file is
 * written.
 */
const LONGEST_NAME = 150

/** The parts of a name that a time or a checksum fills; see formatFileName. */
const PARTS_OF_NAMES = new Set([
  ...['%Y', '%m', '%d', '%H', '%M', '%S', '%X', '%f', '%j', '%%', '[[TIMESTAMP]]', '[[CRC]]'],
])

/** Returns a sentence about a part of a name that nothing fills; undefined where there is none. */
function unknownPart(template: string): string | undefined {
  const parts: readonly string[] = template.match(/%[A-Za-z%]|\[\[[^\]]*\]\]/g) ?? []
  const unknown = parts.find((part) => !PARTS_OF_NAMES.has(part))
  return unknown && `${unknown} stays as it is; parts that are filled are ${[...PARTS_OF_NAMES].join(' ')}`
}

function fileNameFault(template: string): string | undefined {
  if (/[/\0]/.test(template))
    return 'is the name of a file; folders are working_directory and destination_folder'
  if (template === '' || template.startsWith('.')) return 'must not be empty or begin with a dot'
  if (/\.(?:part|copying)$/.test(template))
    return 'must not end as the names of files that are being written do'
  const widest = template.replace(/%[A-Za-z]/g, '00:00:00').replaceAll('[[TIMESTAMP]]', '0123456789.123456')
  const bytes = Buffer.byteLength(widest)
  return bytes > LONGEST_NAME ? `makes names of up to ${bytes} bytes; ${LONGEST_NAME} at most` : undefined
}

/** Archives by their section; undefined where there is no such section. */
export type ArchivesBySection = Map<string, ArchiveSettings | undefined>

/**
 * Reads the archive of a queue. Queues share one unless they have a section [shoebox:QUEUE] of their own.
 * Returns undefined, and adds the reason to the reader's findings, when there is no section.
 */
export function readArchive(
  ini: IniReader,
  queue: string,
  archives: ArchivesBySection,
): ArchiveSettings | undefined {
  const own = `shoebox:${queue}`
  const name = ini.has(own) ? own : 'shoebox'
  if (archives.has(name)) return archives.get(name)
  if (!ini.has(name)) ini.report('consumers', 'queues', 'the app ShoeboxHandler needs a section [shoebox]')
  const settings = ini.has(name) ? readSettings(ini, name, queue) : undefined
  archives.set(name, settings)
  return settings
}

function readSettings(ini: IniReader, name: string, queue: string): ArchiveSettings {
  const at = (key: string) => ini.sectionWith(key, 'shoebox', queue)
  const values = readSection(ini, YAGI.SHOEBOX, at)
  const refuse: Refuse = (key, said) => ini.report(at(key), key, `${key}: ${said}`)
  const warn: Refuse = (key, said) => ini.report(at(key), key, `${key}: ${said}`, 'warning')
  const { working_directory: folder } = values
  if (!folder) ini.report(name, 'working_directory', 'working_directory: is required')
  const fault = fileNameFault(values.filename_template)
  if (fault) refuse('filename_template', fault)
  const unknown = unknownPart(values.filename_template)
  if (unknown) warn('filename_template', unknown)
  const destinationFolder = values.destination_folder || `${folder ?? '.'}/done`
  const form = formOf(values.roll_manager, refuse)
  return {
    workingDirectory: folder ?? '.',
    destinationFolder,
    filenameTemplate: values.filename_template,
    ...rollLimits(values, form, refuse),
    form,
    compression: compressionOf(values.compression, refuse),
    hasIndex: values.index,
    keepDays: values.archive_days,
    callbacks: callbackNames(values, refuse, warn),
    // Before the keys are known to be right: what callbacks of the user's own make of them is theirs.
    callbackValues: { ...ini.merged('shoebox', queue), destination_folder: destinationFolder },
    wrap: values.wrap_payload_with_region
      ? { region: values.wrap_region, cell: values.wrap_cell }
      : undefined,
  }
}

type Values = SectionValues<typeof YAGI.SHOEBOX>
type Refuse = (key: string, said: string) => void

/** Returns the class of a class path: what stands behind its last dot or colon. */
function classOf(path: string): string {
  return path.split(/[.:]/).at(-1) as string
}

function formOf(manager: string, refuse: Refuse): ArchiveSettings['form'] {
  if (classOf(manager) === 'WritingRollManager') return 'shoebox'
  if (classOf(manager) !== 'WritingJSONRollManager')
    refuse(
      'roll_manager',
      `there is no ${manager}; known are shoebox.roll_manager:WritingJSONRollManager and shoebox.roll_manager:WritingRollManager`,
    )
  return 'lines'
}

const CHECKERS = {
  SizeRollChecker: { bySize: true, byAge: false },
  TimeRollChecker: { bySize: false, byAge: true },
  NeverRollChecker: { bySize: false, byAge: false },
}

/** As in the original, the checker decides about binary files only. */
function rollLimits(
  { roll_checker: checker, roll_size_mb, roll_minutes }: Values,
  form: ArchiveSettings['form'],
  refuse: Refuse,
): Pick<ArchiveSettings, 'rollBytes' | 'rollMinutes'> {
  const name = classOf(checker)
  const known = Object.hasOwn(CHECKERS, name) ? CHECKERS[name as keyof typeof CHECKERS] : undefined
  if (checker !== '' && !known)
    refuse('roll_checker', `there is no ${checker}; known are ${Object.keys(CHECKERS).join(', ')}`)
  const { bySize, byAge } = (form === 'shoebox' && known) || { bySize: true, byAge: true }
  return {
    rollBytes: bySize ? roll_size_mb * 1024 * 1024 : Number.MAX_SAFE_INTEGER,
    rollMinutes: byAge ? roll_minutes : 0,
  }
}

function compressionOf(text: string, refuse: Refuse): ArchiveSettings['compression'] {
  const known = COMPRESSIONS.find((one) => one === text)
  if (!known) refuse('compression', `expected ${COMPRESSIONS.join(', ')}, found ${text}`)
  return known ?? 'none'
}

/** The upload to Swift is left to programs that ship files. */
const UPLOAD = 'SwiftUploadCallback'

function callbackNames(
  { callback, callback_list: list }: Values,
  refuse: Refuse,
  warn: Refuse,
): readonly string[] {
  if (callback === '') return []
  const isList = classOf(callback) === 'CallbackList'
  const key = isList ? 'callback_list' : 'callback'
  const names = isList ? list : [callback]
  if (isList && names.length === 0) refuse(key, 'CallbackList needs one callback at least')
  return names.filter((name) => {
    if (classOf(name) === UPLOAD) {
      const remedy = 'let a program upload the complete files of destination_folder'
      warn(key, `${name} is not available and has no effect: ${remedy}`)
      return false
    }
    if (CALLBACKS.builtIn(name) || isModulePath(name)) return true
    refuse(key, CALLBACKS.unknown(name))
    return false
  })
}
