import { z } from 'zod'
import { LISTEN_ADDRESS } from '../../runtime/listen-address.ts'
import { httpUrl, ipAddress, logLevel, port } from './common-shapes.ts'
import { fileTargetSchema, s3TargetSchema, swiftTargetSchema, zoneSchema } from './ship-schema.ts'

const name = z.string().min(1, 'expected a name, found an empty text')
const secretFile = z.string().startsWith('/', 'expected an absolute path')

/** A host, its token and what log sets know it by. */
export const shipHostSchema = z
  .strictObject({
    token_sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'expected the 64 hexadecimal digits of a SHA-256')
      .optional()
      .describe('SHA-256 of its token, as `printf %s TOKEN | sha256sum` prints it'),
    token_file: secretFile.optional().describe('file with its token, in place of the checksum'),
    datacenter: z
      .string()
      .nullable()
      .optional()
      .describe('`%d`; that of the file unless given. A host with an empty one is not known, as in hermes'),
    retire: z.string().optional().describe('time from which on the host is not known any more'),
    user: z.string().optional().describe('`%u`; that of the file unless given'),
    groups: z.array(name).default([]).describe('its groups, which log sets name in `zones`'),
    zones: z.array(zoneSchema).default([]).describe('its zones, containers or jails'),
  })
  .refine(({ token_sha256: hash, token_file: file }) => (hash === undefined) !== (file === undefined), {
    error: 'expected token_sha256 or token_file',
  })

const target = z.discriminatedUnion('kind', [fileTargetSchema, s3TargetSchema, swiftTargetSchema])

const own = {
  listen: z
    .string()
    .regex(LISTEN_ADDRESS, 'expected HOST:PORT, such as 0.0.0.0:9999')
    .optional()
    .describe('address to listen on; admin_ip and port unless given, else 127.0.0.1:9999'),
  cert: z
    .string()
    .optional()
    .describe('certificate of the server, relative to this file; without one only this machine is served'),
  key: z.string().optional().describe('its key'),
  insecure: z
    .boolean()
    .default(false)
    .describe('whether other machines are served without a certificate: tokens then pass in clear'),
  log_sets: z
    .union([z.string(), z.array(z.unknown())], { error: 'expected a list of log sets, or the file with one' })
    .optional()
    .describe('the log sets, or the file with them, relative to this one; logsets.json unless given'),
  targets: z
    .record(z.string(), target)
    .default({})
    .describe('places to ship to, by name: secrets stay here for those that are `presigned`'),
  datacenter: z.string().optional().describe('`%d`'),
  user: z.string().optional().describe('`%u`'),
  customers: z.record(z.string(), z.string()).default({}).describe('login by uuid, for `%U`'),
  hosts: z.record(z.string(), shipHostSchema).default({}).describe('the hosts, by name'),
  inventory: z
    .string()
    .optional()
    .describe(
      'JSON file with the zones of hosts, `{services: [{name, instances}], vms: {UUID: {server_uuid, state}}}`, read every 60 s',
    ),
  read_tokens_file: secretFile
    .optional()
    .describe(
      'file with tokens, one a line, of which `GET /v1/ship` asks for one; it asks for none unless given',
    ),
  state: z.string().default('ship-server.json').describe('file in which the last reports of hosts are kept'),
  log_level: logLevel.optional().describe('how much to log; info unless given'),
}

/** The shape of ship-server.yaml. */
export const shipServerSchema = z.strictObject(own)

const api = z.strictObject({ url: httpUrl })

/**
 * The shape of hermes' config.json, with the keys of ours. Triton's services are not asked: `hosts` and `inventory` say what they
 * would.
 */
export const hermesServerSchema = z.strictObject({
  ...own,
  mahi: api,
  manta: z.strictObject({
    user: name,
    url: httpUrl,
    key_id: name,
    connect_timeout: z.number().positive().optional(),
  }),
  service_name: z.enum(['hermes', 'sdc', 'logarchiver']),
  port,
  max_concurrent_bootstraps: z.int().positive(),
  admin_ip: ipAddress,
  sapi: api,
  vmapi: api,
  cnapi: api,
})

/** Keys by which a file is known as one of hermes. */
export const HERMES_KEYS = [
  ...['mahi', 'manta', 'sapi', 'vmapi', 'cnapi', 'service_name', 'admin_ip', 'max_concurrent_bootstraps'],
]

export type ShipServerSettings = z.infer<typeof shipServerSchema>
