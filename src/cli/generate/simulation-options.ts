import { type Command, InvalidArgumentError, Option } from 'commander'
import { InvalidError, StackTachError } from '../../domain/errors.ts'
import {
  instantFromMicros,
  MICROS_PER_HOUR,
  type Micros,
  microsFromInstant,
  parseIso,
} from '../../domain/time.ts'
import { type Audit, DAILY } from '../../notigen/calendar/audit.ts'
import { FORMATS, type Format } from '../../notigen/format/format.ts'
import type { SimulationOptions } from '../../notigen/simulation.ts'
import { MESSAGE_TROUBLES, type MessageTrouble } from '../../notigen/trouble/message-trouble.ts'
import { USAGE_CODES } from '../../notigen/trouble/usage-orders.ts'
import { kebabCase } from '../../text/letter-case.ts'
import { type Duration, NoSuchTime, shiftTime, sumDuration } from '../../timex/duration.ts'
import { parseTimex } from '../../timex/parser.ts'
import { localOption, parsePositive, parseWhole, TimeOption } from '../program.ts'

/** Values of the command-line options for the simulated cloud. */
export type CloudFlags = {
  readonly seed: number
  readonly start?: Micros
  readonly duration: Duration
  readonly instances: number
  readonly operationsPerHour: number
  readonly format: Format
  readonly audit: Audit
  readonly trouble?: number
} & { readonly [kind in MessageTrouble | Lowercase<(typeof USAGE_CODES)[number]>]?: number }

const DEFAULT_START = '2026-01-01T00:00:00'

const MESSAGE_KINDS = Object.keys(MESSAGE_TROUBLES) as MessageTrouble[]

const USAGE_MEANINGS: { readonly [code in (typeof USAGE_CODES)[number]]: string } = {
  U0: 'events, but no exists',
  U1: 'an exists without launched_at',
  U2: 'an exists that conflicts with the operation before it',
  U3: 'deleted_at, but not deleted',
  U4: 'deleted before it was launched',
  U5: 'deleted in the period, but no event of it',
  U6: 'delete.end, but no deleted_at',
  U7: 'delete.end twice (share of the deletions)',
  U8: 'launched in the period, but no events',
  warning: 'an exists in the middle of a day that no operation explains',
}

/** Adds the options that describe the simulation. */
export function addSimulationOptions(command: Command): Command {
  command
    .optionsGroup('The cloud:')
    .option(
      '--seed <n>',
      'seed of the simulation; the same seed gives the same cloud',
      parseWhole(0, 2 ** 32 - 1),
      1,
    )
    .addOption(
      new TimeOption(
        '--start <time>',
        `ISO 8601, yesterday, 14:00, -1h (default: ${DEFAULT_START}, with --realtime now)`,
      ),
    )
    .addOption(localOption())
    .addOption(
      new Option('--duration <duration>', 'how much time is simulated, such as 36h or 1d 6h')
        .argParser(parseDuration)
        .default(parseDuration('1d'), '1d'),
    )
    .option('--instances <n>', 'number of instances at the start', parseWhole(0, 1_000_000), 150)
    .option('--operations-per-hour <n>', 'over all instances, on average', parsePositive, 12)
    .addOption(
      new Option('--format <format>', 'old style, the same in the oslo envelope, or Nova versioned')
        .choices(FORMATS)
        .default('v1'),
    )
    .addOption(
      new Option('--audit <period>', 'how Nova audits: hour, day, or day@N from N:00 on')
        .argParser(parseAudit)
        .default(DAILY, 'day'),
    )
    .optionsGroup('Messages in trouble (SHARE: 0 to 1, or such as 2%):')
    .option(
      '--trouble <share>',
      'all kinds together, in equal parts; with daily audits those of usage too',
      parseShare,
    )
  for (const kind of MESSAGE_KINDS) {
    command.option(`--${kebabCase(kind)} <share>`, MESSAGE_TROUBLES[kind], parseShare)
  }
  command.optionsGroup('Wrong usage (SHARE of the daily exists that can have it):')
  for (const code of USAGE_CODES) {
    command.option(`--${code.toLowerCase()} <share>`, USAGE_MEANINGS[code], parseShare)
  }
  return command
}

/**
 * Returns the options of the simulation. `now` is its start when it runs in real time. Throws InvalidError
 * when shares exceed 1 or the end is too far in the future.
 */
export function simulationOptionsOf(flags: CloudFlags, now: Micros | undefined): SimulationOptions {
  const start = flags.start ?? now ?? (parseIso(DEFAULT_START) as Micros)
  const { seed, instances, operationsPerHour, format, audit } = flags
  const messages = sharesOf(MESSAGE_KINDS, (kind) => flags[kind], flags.trouble)
  const usage = sharesOf(
    USAGE_CODES,
    (code) => flags[code.toLowerCase() as Lowercase<typeof code>],
    audit.unit === 'day' ? flags.trouble : undefined,
  )
  const total = Object.values(messages).reduce((sum, share) => sum + share, 0)
  if (total > 1)
    throw new InvalidError(`the shares of messages in trouble add up to ${total}; expected at most 1`)
  const end = endOf(start, flags.duration)
  return { seed, start, end, instances, operationsPerHour, format, audit, trouble: { ...messages, ...usage } }
}

function sharesOf<K extends string>(
  kinds: readonly K[],
  given: (kind: K) => number | undefined,
  total = 0,
): { [kind in K]: number } {
  return Object.fromEntries(kinds.map((kind) => [kind, given(kind) ?? total / kinds.length])) as {
    [kind in K]: number
  }
}

/** Returns the end of the simulation, exclusive. */
function endOf(start: Micros, duration: Duration): Micros {
  const end = laterBy(start, duration)
  if (end !== undefined && Number.isSafeInteger(end)) return end
  throw new InvalidError('--start and --duration lead beyond the year 2255, where times are no longer exact')
}

function laterBy(start: Micros, duration: Duration): Micros | undefined {
  try {
    return microsFromInstant(shiftTime(instantFromMicros(start), '+', duration))
  } catch (error) {
    if (error instanceof NoSuchTime) return undefined
    throw error
  }
}

/** Returns the flags of the usage codes whose share is above 0. */
export function orderedCodes(flags: CloudFlags): readonly string[] {
  return USAGE_CODES.map((code) => code.toLowerCase() as Lowercase<typeof code>)
    .filter((flag) => (flags[flag] ?? 0) > 0)
    .map((flag) => `--${flag}`)
}

/**
 * Parses an audit period as instance_usage_audit_period of nova.conf; only `hour`, `day` and `day@N` are
 * simulated.
 */
function parseAudit(text: string): Audit {
  const [, unit, hours = '0'] = /^(hour|day)(?:@(\d{1,2}))?$/.exec(text) ?? []
  const isKnown = unit === 'day' ? Number(hours) < 24 : text === 'hour'
  if (!isKnown) throw new InvalidArgumentError('expected hour, day, or day@N with N from 0 to 23.')
  return { unit: unit as Audit['unit'], dayBegins: Number(hours) * MICROS_PER_HOUR }
}

/** Formats an audit as the command line takes it. */
export function auditText({ unit, dayBegins }: Audit): string {
  return dayBegins === 0 ? unit : `${unit}@${dayBegins / MICROS_PER_HOUR}`
}

/** Parses a duration such as `1d 6h`. A number without a unit is in seconds. */
function parseDuration(text: string): Duration {
  const refuse = () => new InvalidArgumentError('expected a duration above 0, such as 36h or 1d 6h.')
  try {
    const expression = parseTimex(`$start + ${text}`)
    const isPlain = expression.kind === 'shift' && expression.operator === '+'
    if (isPlain && expression.base.kind === 'variable') {
      const duration = sumDuration(expression.duration, 'second')
      if (Object.values(duration).some((amount) => amount > 0)) return duration
    }
  } catch (error) {
    if (!(error instanceof StackTachError)) throw error
  }
  throw refuse()
}

function parseShare(text: string): number {
  const share = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text)
  if (text.trim() === '' || text === '%' || !(share >= 0 && share <= 1)) {
    throw new InvalidArgumentError('expected a share from 0 to 1, or from 0% to 100%.')
  }
  return share
}
