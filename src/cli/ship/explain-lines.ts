import { z } from 'zod'
import { checkShape } from '../../config/checks/check-shape.ts'
import { Findings } from '../../config/checks/findings.ts'
import { parseJsonDocument } from '../../config/documents/json-document.ts'
import type { ShipConfig } from '../../config/load/load-ship.ts'
import { logSetSchema } from '../../config/schemas/ship-schema.ts'
import { type Finding, InvalidError, messageOf } from '../../domain/errors.ts'
import { compileLogSet } from '../../ship/log-sets/compile-log-set.ts'
import { decide } from '../../ship/log-sets/decide.ts'
import { type DecisionForm, decisionForm, definitionFaultForm } from '../../ship/log-sets/decision-form.ts'
import type { LogSet } from '../../ship/log-sets/log-set.ts'
import { placeOf } from '../../ship/log-sets/select-sets.ts'
import { readNumberedLines } from '../read-lines.ts'

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

const lineSchema = z.object({
  set: z.union([z.string(), z.record(z.string(), z.unknown())]),
  path: z.string(),
  zone: z.object({ uuid: z.string(), role: z.string() }).nullish(),
  user: z.string().optional(),
  datacenter: z.string().optional(),
  node: z.string().optional(),
  customer: z.string().optional(),
  directory: z.record(z.string(), z.string()).optional(),
  mtime: time.optional(),
  size: z.number().min(0).optional(),
  now: time.optional(),
})

type Line = z.infer<typeof lineSchema>

/** The keys that a log set of a line may lack. */
const OPTIONAL = { name: 'line', search_dirs: ['/'], manta_path: '/', zones: ['global'] }

/**
 * Yields the decision about each line of standard input: an object with a log set, or the name of one of the
 * configuration, and what is known of the file. Throws InvalidError for a line that is none.
 */
export async function* explainLines(
  config: ShipConfig | undefined,
  now: number,
): AsyncGenerator<DecisionForm> {
  for await (const { number, text } of readNumberedLines('-'))
    yield decideLine(parseLine(text, number), config, now)
}

function parseLine(text: string, number: number): Line {
  const place = `line ${number}`
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new InvalidError(`${place} is not JSON: ${messageOf(error)}`)
  }
  const { data, error } = lineSchema.safeParse(value)
  if (data) return data
  const issue = error.issues[0]
  throw new InvalidError(`${place}: ${issue?.path.join('.') || 'the line'}: ${issue?.message}`)
}

function decideLine(line: Line, config: ShipConfig | undefined, now: number): DecisionForm {
  const findings: Finding[] = []
  const set = typeof line.set === 'string' ? namedSet(line.set, config) : ownSet(line.set, line, findings)
  if (!set) {
    const error =
      findings.find(({ severity }) => severity === 'error')?.message ?? 'the log set cannot be used'
    return definitionFaultForm(line.path, nameOf(line.set), error)
  }
  const { user, datacenter, node } = { ...config?.host, ...line }
  const { mtime, size, customer } = line
  const logins = { ...config?.customers, ...line.directory }
  const place = placeOf({ user, datacenter, node: node ?? 'node' }, line.zone ?? undefined)
  const facts = { path: line.path, mtime, size }
  const lookup = (uuid: string) => (Object.hasOwn(logins, uuid) ? logins[uuid] : undefined)
  return decisionForm(line.path, set.name, decide(set, facts, place, line.now ?? now, lookup, customer))
}

function nameOf(set: Line['set']): string | null {
  if (typeof set === 'string') return set
  return typeof set.name === 'string' ? set.name : OPTIONAL.name
}

function namedSet(name: string, config: ShipConfig | undefined): LogSet {
  const set = config?.sets.find((one) => one.name === name)
  if (!set)
    throw new InvalidError(`there is no log set ${JSON.stringify(name)}; -c names the file that has it`)
  return set
}

function ownSet(value: object, { customer }: Line, findings: Finding[]): LogSet | undefined {
  const document = parseJsonDocument(JSON.stringify({ ...OPTIONAL, ...value }), 'set')
  const own = new Findings()
  const config = checkShape(document, document.value, logSetSchema, own)
  const set =
    config && compileLogSet(config, own.reporter(document), { isCustomerKnown: customer !== undefined })
  findings.push(...own.list.filter(({ code }) => code !== 'unknown-key'))
  return set
}
