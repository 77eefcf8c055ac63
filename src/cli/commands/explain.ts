import type { Command } from 'commander'
import { clockSettingsOf } from '../../assembly/event-clock-of.ts'
import { requirePipelines } from '../../assembly/require-pipelines.ts'
import { wallClock } from '../../clock/event-clock.ts'
import { readClock } from '../../clock/read-clock.ts'
import { describeHold } from '../../clock/watermark-clock.ts'
import type { Config } from '../../config/load/config.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import type { EventDefinition, TraitDefinition } from '../../distiller/definition.ts'
import { createDistiller, type Distiller } from '../../distiller/distiller.ts'
import { extractTrait, fieldOf } from '../../distiller/extract-trait.ts'
import { formatPosition, InvalidError } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import type { Notification } from '../../domain/notification.ts'
import type { Trait } from '../../domain/trait.ts'
import { describeVerdict } from '../../explain/verify/describe-verdict.ts'
import { explainResult } from '../../explain/verify/explain-result.ts'
import { type RestValue, restTraits } from '../../formats/rest-form.ts'
import { type TypedTrait, typedTrait } from '../../formats/typed-form.ts'
import type { Store } from '../../store/store.ts'
import { matchTrigger } from '../../streams/match.ts'
import type { Trigger } from '../../streams/trigger.ts'
import type { EventTypePatterns } from '../../text/event-type-filter.ts'
import { stringifyJson } from '../../text/json.ts'
import { maskSecrets, maskValue, maskValues } from '../../text/mask-secrets.ts'
import { printable } from '../../text/printable.ts'
import { decodeJsonText } from '../decode-json-text.ts'
import type { JsonText } from '../json-text.ts'
import { lagOf } from '../lag-of.ts'
import { createCommand, loggerOf, print, printNote } from '../program.ts'
import { readJsonTexts, withoutOffset } from '../read-json-texts.ts'
import { requireRead } from '../require-read.ts'
import { withConfiguredStore } from '../with-configured-store.ts'

type Options = { config: string; result?: string; json?: true; logLevel?: string }

type DefinitionFacts = {
  readonly index: number
  readonly event_type: EventTypePatterns
  /** file of the definition; null for the catch-all definition */
  readonly file: string | null
  readonly line: number | null
}

type TriggerFacts = {
  readonly name: string
  readonly match: boolean
  readonly reason: string | null
  readonly key: { readonly [trait: string]: RestValue } | null
}

/** What a configuration makes of a notification, and why. */
type Explanation = {
  readonly message_id: string | null
  readonly event_type: string | null
  /** reason why the notification does not become an event */
  readonly error: string | null
  readonly definition: DefinitionFacts | null
  /** definitions that match the type too, but stand before the chosen one */
  readonly passed_over: readonly DefinitionFacts[]
  readonly traits: { readonly [name: string]: TypedTrait & { readonly field: string | null } }
  readonly triggers: readonly TriggerFacts[]
}

/** Creates `stv3 explain`, which shows what a configuration makes of notifications, and why. */
export function explainCommand(): Command {
  return createCommand(
    'explain',
    'show what a configuration makes of notifications and why, or explain a verdict on usage',
    'stv3 explain -c config/winchester.yaml notification.json',
  )
    .argument(
      '[file...]',
      'notifications, one a line, indented or in lists, also gzipped; - is standard input',
    )
    .option(
      '--result <message-id>',
      'message_id of a stored event such as compute.instance.exists.failed: show the checks that led to it',
    )
    .requiredOption('-c, --config <file>', 'winchester.yaml or yagi.conf')
    .option('--json', 'one JSON object a line')
    .action((files: readonly string[], options: Options, command: Command) => {
      if ((files.length === 0) === (options.result === undefined)) {
        command.error('stv3 explain: expected files of notifications, or --result MESSAGE_ID', {
          exitCode: 2,
        })
      }
      return files.length === 0
        ? withConfiguredStore(options.config, (store, config) => explainStored(store, config, options))
        : explainAll(files, options)
    })
}

/** Explains a stored result of usage verification. */
async function explainStored(store: Store, config: Config, options: Options): Promise<void> {
  const { result = '', json, logLevel } = options
  const pipelines = await requirePipelines(config)
  const logger = loggerOf(logLevel === undefined ? {} : { logLevel }, 'silent')
  for (const line of await explainResult(result, { store, config, pipelines, logger })) {
    await print(json ? `${stringifyJson(line)}\n` : describeVerdict(line, true))
  }
  const [hold] = (await readClock(store, clockSettingsOf(config))).holds
  // Streams that are due later than this have not been run yet.
  if (hold) printNote(`the event clock is held ${describeHold(hold, wallClock.now())}`)
}

async function explainAll(files: readonly string[], { config: configFile, json }: Options): Promise<void> {
  const config = await loadWholeConfig(configFile, process.env)
  const distiller = createDistiller(config.definitions, {
    catchAll: config.winchester.catch_all_notifications,
  })
  let read = 0
  for (const file of files) {
    let lag: string | undefined
    for await (const text of readJsonTexts(file)) {
      lag ??= lagOf(text.text, config)
      const explanation = explain(text, config, distiller)
      if (explanation.event_type !== null) read++
      await print(json ? `${stringifyJson(explanation)}\n` : describe(explanation))
    }
    // Beside the lines on standard output, which programs read.
    if (lag !== undefined) printNote(`${file}: ${lag}`)
  }
  requireRead(read, files)
}

const NOTHING = { definition: null, passed_over: [], traits: {}, triggers: [] }

function explain(text: JsonText, config: Config, distiller: Distiller): Explanation {
  const decoded = decodeJsonText(text)
  if (!decoded.ok) {
    const reason = `${decoded.stage}: ${withoutOffset(decoded.reason)} (${formatPosition(text.place())})`
    const error = maskSecrets(reason)
    return { message_id: null, event_type: null, error, ...NOTHING }
  }
  const { notification } = decoded
  const { message_id, event_type } = notification
  const definition = distiller.definitionOf(event_type)
  if (!definition) {
    return { message_id, event_type, error: 'no event definition matches this event type', ...NOTHING }
  }
  const passedOver = config.definitions.filter((other) => other !== definition && other.accepts(event_type))
  const distilled = distiller.distil(notification, wallClock.now())
  const event = distilled.kind === 'event' ? distilled.event : undefined
  return {
    message_id,
    event_type,
    error: distilled.kind === 'failed' ? maskSecrets(`distill: ${distilled.reason}`) : null,
    definition: factsOf(definition, config),
    passed_over: passedOver.map((other) => factsOf(other, config)),
    traits: traitFacts(definition, notification),
    triggers: event ? config.triggers.map((trigger) => triggerFacts(trigger, event)) : [],
  }
}

function factsOf({ index, patterns }: EventDefinition, { places }: Config): DefinitionFacts {
  const { file, line } = index < 0 ? { file: null, line: null } : places.definition([index])
  return { index, event_type: patterns, file, line }
}

/** Returns the traits that can be extracted, even when others fail. */
function traitFacts(definition: EventDefinition, notification: Notification): Explanation['traits'] {
  return Object.fromEntries(
    definition.traits.flatMap((trait) => {
      const value = extractOrNothing(trait, notification)
      if (!value) return []
      const field = fieldOf(trait, notification) ?? null
      return [[trait.name, { ...shownTrait(trait.name, value, field), field }]]
    }),
  )
}

/** Returns a trait without secrets: it may have them by its own name or by that of its field. */
function shownTrait(name: string, value: Trait, field: string | null): TypedTrait {
  const typed = typedTrait(value)
  if (!('value' in typed)) return typed
  const shown = maskValue(name, maskValue(field ?? '', typed.value))
  return shown === typed.value ? typed : { type: 'text', value: String(shown) }
}

function extractOrNothing(trait: TraitDefinition, notification: Notification): Trait | undefined {
  try {
    return extractTrait(trait, notification)
  } catch (error) {
    if (error instanceof InvalidError) return undefined
    throw error
  }
}

function triggerFacts(trigger: Trigger, event: Event): TriggerFacts {
  const criteria = trigger.matchCriteria.filter(({ acceptsType }) => acceptsType(event.eventType))
  const result = matchTrigger(trigger, criteria, event)
  return {
    name: trigger.name,
    match: result.match,
    reason: result.match ? null : maskSecrets(result.reason),
    key: result.match ? maskValues(restTraits(result.key.traits)) : null,
  }
}

function describe(explanation: Explanation): string {
  const { message_id, event_type, error, definition, passed_over, traits, triggers } = explanation
  const lines = [`${event_type ?? 'message'} ${message_id ?? ''}`.trim()]
  if (error !== null) lines.push(`  becomes no event: ${error}`)
  if (definition) lines.push(`  definition ${placeText(definition)}: ${patternsText(definition)}`)
  for (const other of passed_over)
    lines.push(
      `  passed over, since a later one matches: definition ${placeText(other)}: ${patternsText(other)}`,
    )
  for (const [name, { field, ...trait }] of Object.entries(traits)) {
    const value = 'value' in trait ? stringifyJson(trait.value) : stringifyJson(trait)
    lines.push(`  ${name} = ${value} (${trait.type}${field === null ? '' : `, from ${field}`})`)
  }
  for (const { name, match, reason, key } of triggers) {
    lines.push(
      match
        ? `  trigger ${name}: joins the stream ${stringifyJson(key)}`
        : `  trigger ${name}: no, ${reason}`,
    )
  }
  return `${lines.map(printable).join('\n')}\n`
}

function placeText({ file, line }: DefinitionFacts): string {
  return file === null ? 'that catches all' : `${file}:${line}`
}

function patternsText({ event_type }: DefinitionFacts): string {
  return typeof event_type === 'string' ? event_type : event_type.join(', ')
}
