import { z } from 'zod'
import { ConfigError, errorsAmong } from '../../domain/errors.ts'
import { GLOBAL } from '../../ship/log-sets/log-set-config.ts'
import { inZone, onHost, type PlacedSet } from '../../ship/log-sets/select-sets.ts'
import { checkShape } from '../checks/check-shape.ts'
import { Findings } from '../checks/findings.ts'
import { parseJsonDocument } from '../documents/json-document.ts'
import { fileTargetSchema, s3TargetSchema, swiftTargetSchema } from '../schemas/ship-schema.ts'
import { compileLogSets } from './log-set-list.ts'

/** A target for which the server signs the requests. */
const presignedSchema = z.strictObject({ kind: z.literal('presigned'), place: z.string() })

const planSchema = z.object({
  configuration: z.object({
    datacenter_name: z.string(),
    user: z.string().optional(),
    node: z.string().optional(),
    customers: z.record(z.string(), z.string()).default({}),
  }),
  logsets: z.object({
    logsets: z.array(z.looseObject({ zonename: z.string(), zonerole: z.string() })),
  }),
  targets: z.object({
    targets: z.record(
      z.string(),
      z.discriminatedUnion('kind', [fileTargetSchema, s3TargetSchema, swiftTargetSchema, presignedSchema]),
    ),
  }),
})

/** Settings of a target as a server sends them. */
export type ReceivedTarget = z.infer<typeof planSchema>['targets']['targets'][string]

/** What a server has sent to a host, compiled. */
export type CompiledPlan = {
  readonly placed: readonly PlacedSet[]
  readonly targets: { readonly [name: string]: ReceivedTarget }
  readonly customers: { readonly [uuid: string]: string }
}

const SOURCE = 'the message of the server'

/** Compiles what a server has sent. `root` is the folder in which the paths of the host begin. Throws ConfigError for any fault. */
export function compilePlan(plan: object, host: string, root: string): CompiledPlan {
  const findings = new Findings()
  const document = parseJsonDocument(JSON.stringify(plan), SOURCE)
  const checked = checkShape(document, document.value, planSchema, findings)
  if (!checked) throw new ConfigError(`${SOURCE} cannot be used`, findings.list)
  const { configuration, targets } = checked
  const received = checked.logsets.logsets
  const bare = received.map(({ zonename: _, zonerole, ...rest }) => ({ ...rest, zones: [zonerole] }))
  const list = parseJsonDocument(JSON.stringify(bare), SOURCE)
  const sets = compileLogSets(list, [], findings)
  const errors = errorsAmong(findings.list)
  if (errors.length > 0) throw new ConfigError(`${SOURCE} cannot be used`, errors)
  const facts = {
    user: configuration.user,
    datacenter: configuration.datacenter_name,
    node: configuration.node ?? host,
    root,
  }
  const placed = sets.map((set, index): PlacedSet => {
    const { zonename: uuid, zonerole: role } = received[index] as (typeof received)[number]
    const one = uuid === GLOBAL ? onHost(set, facts, role) : inZone(set, facts, { uuid, role })
    // The server has put the zone into the name.
    return { ...one, name: set.name }
  })
  return { placed, targets: targets.targets, customers: configuration.customers }
}
