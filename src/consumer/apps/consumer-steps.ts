import type { SectionSchema } from '../../text/section-schema.ts'
import type { BuiltInApp } from './built-in-app.ts'

// Apps that a queue lists by name and that the consumer itself carries out.

/** Keys of [shoebox]. */
export const SHOEBOX_SCHEMA = {
  working_directory: {
    type: 'string',
    required: true,
    description: 'folder of the files that are being written',
    format: 'path',
  },
  destination_folder: {
    type: 'string',
    description: 'folder of the files that are complete; `done` below working_directory unless given',
    format: 'path',
  },
  filename_template: {
    type: 'string',
    default: 'notifications_%Y_%m_%d_%H_%M_%S_%f.json',
    description: 'name of a new file: parts of strftime, `[[TIMESTAMP]]`, `[[CRC]]`',
  },
  roll_manager: {
    type: 'string',
    default: 'shoebox.roll_manager:WritingJSONRollManager',
    description:
      'form of the files: `shoebox.roll_manager:WritingJSONRollManager` (one message a line) or `shoebox.roll_manager:WritingRollManager` (binary, with facts about each message)',
  },
  roll_size_mb: {
    type: 'number',
    default: 100,
    minimum: 1,
    description: 'a new file begins at this size, MB',
  },
  roll_minutes: { type: 'number', default: 60, description: 'a new file begins at this age, minutes' },
  roll_checker: {
    type: 'string',
    default: '',
    description:
      'of binary files, which of the two is looked at: `shoebox.roll_checker:SizeRollChecker`, `TimeRollChecker`, or neither with `NeverRollChecker`; both unless given',
  },
  compression: {
    type: 'string',
    default: 'none',
    description: 'how complete files are packed: `none`, `gzip` or `zstd`',
  },
  index: {
    type: 'boolean',
    default: true,
    description: 'an index is put beside each complete file, for searches with `stv3 archive cat`',
  },
  archive_days: {
    type: 'number',
    default: 0,
    description:
      'age from which on complete files are deleted, days; with callbacks only those that all of them have had; 0: never',
  },
  callback: {
    type: 'string',
    default: '',
    description:
      'what each complete file is given to: `shoebox.handlers:MoveFileCallback`, `ChangeExtensionCallback`, `DeleteFileCallback`, `CallbackList`, or `./my.js:MyCallback`',
  },
  callback_list: { type: 'array', description: 'callbacks in order, for `CallbackList`' },
  new_extension: { type: 'string', default: '.done', description: 'what ChangeExtensionCallback adds' },
  wrap_payload_with_region: {
    type: 'boolean',
    default: false,
    description: 'each message is written as `{"region": …, "cell": …, "notification": MESSAGE}`',
  },
  wrap_region: { type: 'string', default: 'n/a', description: 'region in that envelope' },
  wrap_cell: { type: 'string', default: 'n/a', description: 'cell in that envelope' },
  container: { type: 'string', deprecated: true, description: 'container in Swift of those callbacks' },
  credentials_file: { type: 'string', deprecated: true, description: 'account of Swift, in a file' },
  auth_method: { type: 'string', deprecated: true, description: 'kind of that account' },
  region: { type: 'string', deprecated: true, description: 'region of that account' },
  distiller_conf: { type: 'string', deprecated: true, description: 'settings of events in the files' },
} as const satisfies SectionSchema

export const ShoeboxApp: BuiltInApp = {
  kind: 'shoebox',
  description: 'Writes each message into the archive, durably, before anything else is done with it.',
  schema: SHOEBOX_SCHEMA,
}

/** Keys of [winchester]. */
export const WINCHESTER_SCHEMA = {
  config_file: { type: 'string', format: 'path', required: true, description: 'the winchester.yaml' },
} as const satisfies SectionSchema

export const WinchesterApp: BuiltInApp = {
  kind: 'winchester',
  description: 'Makes events of notifications, stores them and has them join streams.',
  schema: WINCHESTER_SCHEMA,
}

export const NullApp: BuiltInApp = {
  kind: 'null',
  description: 'Takes messages and does nothing with them.',
  schema: {},
}
