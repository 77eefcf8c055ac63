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
  readonly rollBytes: number
  readonly rollMinutes: number
}

/**
 * Most bytes of a file name: the disk allows 255, of which the owner's name takes 104 while a file is
 * written.
 */
const LONGEST_NAME = 150

function fileNameFault(template: string): string | undefined {
  if (/[/\0]/.test(template))
    return 'is the name of a file; folders are working_directory and destination_folder'
  if (template === '' || template.startsWith('.')) return 'must not be empty or begin with a dot'
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
  const refuse = (key: string, said: string) => ini.report(at(key), key, `${key}: ${said}`)
  const { working_directory: folder } = values
  if (!folder) ini.report(name, 'working_directory', 'working_directory: is required')
  if (!values.roll_manager.endsWith('WritingJSONRollManager'))
    refuse('roll_manager', `${values.roll_manager} is not available; known is WritingJSONRollManager`)
  const fault = fileNameFault(values.filename_template)
  if (fault) refuse('filename_template', fault)
  return {
    workingDirectory: folder ?? '.',
    destinationFolder: values.destination_folder || `${folder ?? '.'}/done`,
    filenameTemplate: values.filename_template,
    rollBytes: values.roll_size_mb * 1024 * 1024,
    rollMinutes: values.roll_minutes,
  }
}
