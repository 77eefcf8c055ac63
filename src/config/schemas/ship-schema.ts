import { z } from 'zod'

const seconds = z.number().min(0, 'expected a number of at least 0').nullable().optional()
const name = z.string().min(1, 'expected a name, found an empty text')

/** A folder of this machine. */
const folder = z.string().startsWith('/', 'expected an absolute path')

/** A time of each day in UTC, such as 22:00-06:00. */
const daySpan = z
  .string()
  .regex(
    /^(?:[01]\d|2[0-3]):[0-5]\d-(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/,
    'expected HH:MM-HH:MM, such as 22:00-06:00',
  )

const megabytes = z.number().positive()
const compress = z
  .enum(['gzip', 'zstd'])
  .optional()
  .describe('how files are packed in the store; `.gz` or `.zst` is added to the target. Not unless given')
const encrypt = name
  .optional()
  .describe(
    'name of the key that files are encrypted with before they leave the host; `.enc` is added to the target',
  )
const alertAfter = z
  .number()
  .positive()
  .optional()
  .describe(
    'seconds for which a file may be due and not shipped before `/readyz` fails; for ever unless given',
  )

/** The shape of a log set: the keys of hermes' logsets.json, then those that were added. */
export const logSetSchema = z.strictObject({
  name: name.describe('name of the log set, used once'),
  search_dirs: z.array(z.string()).describe('folders in which files are looked for, at all depths'),
  search_dirs_pattern: z.string().optional().describe('shell glob of further folders'),
  regex: z
    .string()
    .describe(
      'regular expression of JavaScript that the path must have a match for, without the root of its zone',
    ),
  manta_path: z
    .string()
    .describe(
      'the target: `%u` user, `%U` login of the customer, `%d` datacenter, `%z` zone, `%n` node, `%r` role, `$1` to `$9` groups of regex, `#y #m #d #H #M #S` of the date; `%%` and `$$`',
    ),
  debounce_time: seconds.describe(
    'seconds without a change after which a file is shipped; 600 unless given, and for 0',
  ),
  retain_time: seconds.describe('seconds after that for which a file is kept here; 0 unless given'),
  no_upload: z
    .boolean()
    .nullable()
    .optional()
    .describe('whether files are deleted without being shipped; not unless given'),
  zones: z
    .array(z.string())
    .describe('roles of the zones, and groups of the hosts, that it applies to; `global` is every host'),
  hosts: z
    .array(name)
    .optional()
    .describe('globs of the nodes that it applies to, such as `web-*`; all unless given'),
  date_string: z
    .record(z.string(), z.string())
    .nullable()
    .optional()
    .describe('groups of regex with the date in the path, as `{y: $1, m: $2, d: $3, H: $4, M: $5, S: $6}`'),
  date_adjustment: z
    .string()
    .nullable()
    .optional()
    .describe('hours added to the date in the target, such as `-1H`'),
  customer_uuid: z
    .string()
    .nullable()
    .optional()
    .describe('group of regex with the uuid of the customer, such as `$1`'),
  target: name.optional().describe('name of the target; needed where there are several'),
  root: z
    .string()
    .optional()
    .describe('folder in which the paths of a zone begin, `%z` is the zone; `/zones/%z/root` unless given'),
  compress,
  encrypt,
  alert_after: alertAfter,
})

/** A zone, container or jail, or all whose folders match a pattern. */
export const zoneSchema = z
  .strictObject({
    uuid: name
      .regex(/^[^/]+$/, 'expected a name without a slash')
      .default('*')
      .describe(
        'id or name of the zone; unless given, each folder that matches `root` is one, and `*` there its name',
      ),
    role: name.describe('its role, which log sets name'),
    root: folder
      .optional()
      .describe(
        'folder in which its paths begin, such as `/var/lib/machines/*`; as the log set says unless given',
      ),
  })
  .refine(({ uuid, root }) => uuid !== '*' || root === undefined || root.includes('*'), {
    error: 'expected uuid, or a root with a *',
  })

const secretFile = folder.describe('file with the secret, readable by its owner only')
const prefix = z.string().optional().describe('what stands before the key of each object')

const presigned = z
  .boolean()
  .optional()
  .describe(
    'of stv3 ship-server: whether it signs the requests of hosts, which then hold no key; so it is unless given',
  )

/** Files below a folder. */
export const fileTargetSchema = z.strictObject({
  kind: z.literal('file').describe('files below a folder, such as a mount of NFS'),
  folder: folder.describe('the folder; it must be there'),
})

/** A bucket of S3, or of what speaks its protocol. */
export const s3TargetSchema = z
  .strictObject({
    kind: z.literal('s3').describe('a bucket of S3, or of a store that speaks its protocol'),
    bucket: name.describe('the bucket; it must be there'),
    prefix,
    endpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('address of the store; that of AWS unless given'),
    region: z.string().optional().describe('its region; us-east-1 unless given'),
    path_style: z
      .boolean()
      .optional()
      .describe('whether the bucket stands in the path; so it is with an endpoint unless given'),
    access_key: name
      .optional()
      .describe('id of the access key; found as by other programs of AWS unless given'),
    secret_file: secretFile.optional(),
    conditions: z
      .boolean()
      .optional()
      .describe(
        'whether the store creates an object only where there is none, by If-None-Match; with false it is asked for the object first; true unless given',
      ),
    storage_class: z.string().optional().describe('class of the objects, such as STANDARD_IA'),
    sse: z.string().optional().describe('encryption by the store: AES256 or aws:kms'),
    sse_key: z.string().optional().describe('id of the key for aws:kms'),
    tags: z.record(z.string(), z.string()).optional().describe('tags of the objects'),
    lock_mode: z.enum(['GOVERNANCE', 'COMPLIANCE']).optional().describe('object lock of the objects'),
    lock_days: z.number().positive().optional().describe('days for which it holds'),
    presigned,
  })
  .refine(({ access_key: id, secret_file: file }) => (id === undefined) === (file === undefined), {
    error: 'access_key and secret_file must be given together',
  })
  .refine(({ lock_mode: mode, lock_days: days }) => (mode === undefined) === (days === undefined), {
    error: 'lock_mode and lock_days must be given together',
  })

/** A container of OpenStack Swift. */
export const swiftTargetSchema = z
  .strictObject({
    kind: z.literal('swift').describe('a container of OpenStack Swift'),
    auth_url: z
      .url({ protocol: /^https?$/ })
      .describe('of Keystone, ending in /v3, or of TempAuth, such as http://swift:8080/auth/v1.0'),
    container: name
      .regex(/^[^/]+$/, 'expected a name without a slash')
      .describe('the container; it must be there'),
    prefix,
    user: name.optional().describe('the user; `account:user` for TempAuth'),
    user_domain: z.string().optional().describe('its domain; Default unless given'),
    project: z.string().optional().describe('the project'),
    project_domain: z.string().optional().describe('its domain; Default unless given'),
    application_credential: name
      .optional()
      .describe('id of an application credential, in place of user and project'),
    secret_file: secretFile,
    region: z.string().optional().describe('region of the endpoint; the first unless given'),
    interface: z
      .enum(['public', 'internal', 'admin'])
      .optional()
      .describe('which endpoint; public unless given'),
    presigned,
    temp_url_key_file: folder
      .optional()
      .describe(
        'file with the Temp-URL-Key of the account or container, for presigned requests; readable by its owner only',
      ),
    delete_after: z.int().positive().optional().describe('seconds after which Swift removes an object'),
    segment_mb: z
      .number()
      .min(1)
      .max(5000)
      .optional()
      .describe('size in MB above which an object is stored in segments; 1000 unless given'),
  })
  .refine(({ user, application_credential: id }) => (user === undefined) !== (id === undefined), {
    error: 'expected user or application_credential',
  })

const target = z.discriminatedUnion('kind', [fileTargetSchema, s3TargetSchema, swiftTargetSchema])

/** Settings of one target. */
export type TargetSettings = z.infer<typeof target>

/** The shape of ship.yaml, without the log sets, which are checked one by one. */
export const shipSchema = z.strictObject({
  log_sets: z
    .union([z.string(), z.array(z.unknown())], { error: 'expected a list of log sets, or the file with one' })
    .describe(
      'the log sets, or the file with them, relative to this one; an empty list where a server has them',
    ),
  server: z
    .strictObject({
      url: z
        .url({ protocol: /^(?:https?|wss?)$/ })
        .describe(
          'the `stv3 ship-server` that has log sets and targets, such as https://ship.example.org:9999',
        ),
      token_file: secretFile.describe("file with this host's token, readable by its owner only"),
      ca: folder.optional().describe('certificate of its authority, where the system does not know it'),
      name: z.string().optional().describe('name of this host there; the name of the machine unless given'),
      insecure: z.boolean().optional().describe('whether the token may pass in clear'),
    })
    .optional()
    .describe('the server that says what is shipped'),
  targets: z.record(z.string(), target).default({}).describe('places to ship to, by name'),
  archive: z
    .strictObject({
      config: name.describe('yagi.conf of the archive, relative to this file'),
      target: name.optional().describe('name of the target; needed where there are several'),
      manta_path: name
        .default('/archive/%n/$1')
        .describe('the target of a file, `$1` is its name; otherwise as in a log set'),
      debounce_time: z
        .number()
        .positive()
        .default(60)
        .describe('seconds after the last change of a file, which is complete, at which it is shipped'),
      retain_time: z
        .number()
        .min(0)
        .optional()
        .describe(
          'seconds after that at which it is deleted; by archive_days of the archive alone unless given',
        ),
      compress,
      encrypt,
      alert_after: alertAfter,
    })
    .optional()
    .describe('ships the complete files of an archive, which then deletes none that is not in the store'),
  encryption_keys: z
    .record(z.string(), secretFile)
    .default({})
    .describe('files with keys by name, each of 64 hexadecimal digits, readable by their owner only'),
  bandwidth: z
    .union(
      [
        megabytes,
        z.array(
          z.strictObject({
            time: daySpan.describe('such as 08:00-18:00, in UTC'),
            mb_per_s: megabytes.describe('MB each second'),
          }),
        ),
      ],
      { error: 'expected a number of MB each second, or a list of {time, mb_per_s}' },
    )
    .optional()
    .describe('most MB each second of all uploads together, or a timetable of them; unlimited unless given'),
  upload_times: z
    .array(daySpan)
    .optional()
    .describe(
      'times of the day at which uploads are begun, such as 22:00-06:00, in UTC; always unless given',
    ),
  stall_timeout: z
    .number()
    .positive()
    .default(300)
    .describe(
      'seconds without progress after which an upload is given up; parts of S3 take up to 8 MB in one go',
    ),
  upload_timeout: z
    .number()
    .positive()
    .optional()
    .describe('seconds after which an upload is given up; as long as it takes unless given'),
  disk_high: z
    .number()
    .min(1)
    .max(99)
    .optional()
    .describe(
      'per cent of a file system in use above which files that are in the store are deleted before their retention is over, the oldest first',
    ),
  disk_low: z
    .number()
    .min(1)
    .max(99)
    .optional()
    .describe('per cent down to which that goes on; disk_high unless given'),
  nice: z.int().min(0).max(19).optional().describe('priority of the process, as of nice(1)'),
  io_class: z
    .enum(['idle', 'best-effort'])
    .optional()
    .describe('class of its input and output, as of ionice(1)'),
  watch: z.boolean().default(true).describe('whether folders are watched for changes between two looks'),
  host: z
    .strictObject({
      user: z.string().optional().describe('`%u`'),
      datacenter: z.string().optional().describe('`%d`'),
      node: z.string().optional().describe('`%n`; the name of the machine unless given'),
      groups: z.array(name).default([]).describe('groups of the host, which log sets name in `zones`'),
    })
    .prefault({})
    .describe('what targets say of this host'),
  zones: z.array(zoneSchema).default([]).describe('zones, containers or jails of this host'),
  customers: z.record(z.string(), z.string()).default({}).describe('login by uuid, for `%U`'),
  root: folder.default('/').describe('folder in which the paths of this host begin'),
  journal: z
    .string()
    .default('ship.db')
    .describe('SQLite file that remembers what was shipped, relative to this one'),
  interval: z.number().positive().default(60).describe('seconds between two looks at all folders'),
  parallel: z.int().min(1).max(64).default(4).describe('files that are shipped at the same time'),
})

export type ShipSettings = z.infer<typeof shipSchema>
