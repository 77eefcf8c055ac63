import { type Command, InvalidArgumentError, Option } from 'commander'
import { isFindable } from '../../archive/file-index/id-filter.ts'
import type { RecordFilter } from '../../archive/reader/select-records.ts'
import type { Config } from '../../config/load/config.ts'
import type { EventDefinition } from '../../distiller/definition.ts'
import { createDistiller } from '../../distiller/distiller.ts'
import type { Micros } from '../../domain/time.ts'
import { holdsTraits, readingsOf } from '../../domain/trait-condition.ts'
import { compileEventTypeFilter } from '../../text/event-type-filter.ts'
import { localOption, TimeOption } from '../program.ts'

/** A trait and the text of its value. */
export type WantedTrait = { readonly name: string; readonly value: string }

export type RecordOptions = {
  readonly from?: Micros
  readonly to?: Micros
  readonly types?: readonly string[]
  readonly where?: readonly WantedTrait[]
}

/** Adds the options that choose records. */
export function withRecordOptions(command: Command): Command {
  return command
    .addOption(
      new TimeOption(
        '--from <time>',
        'only notifications of this time and later, by their timestamps: ISO 8601, yesterday, 14:00, -1h',
      ),
    )
    .addOption(new TimeOption('--to <time>', 'only notifications before this time'))
    .addOption(localOption())
    .option('--types <globs>', 'only these event types: globs with commas, !glob excludes', parseTypes)
    .addOption(whereOption())
}

/** Creates the option `--where`, which chooses notifications by the traits of their events. */
export function whereOption(): Option {
  return new Option(
    '--where <trait=value>',
    'only notifications whose event has this trait, by the event definitions of -c; may be repeated',
  ).argParser(parseWanted)
}

function parseTypes(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

function parseWanted(text: string, before: readonly WantedTrait[] = []): WantedTrait[] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('expected TRAIT=VALUE, such as instance_id=1e3c….')
  return [...before, { name: text.slice(0, at), value: text.slice(at + 1) }]
}

/** Returns the filter of options. `config` has the event definitions, for `where`. */
export function recordFilterOf(
  { from, to, types, where }: RecordOptions,
  config: Config | undefined,
): RecordFilter {
  const acceptsType = types && compileEventTypeFilter(types)
  if (!where || !config) return { from, to, acceptsType }
  const distiller = createDistiller(config.definitions, {
    catchAll: config.winchester.catch_all_notifications,
  })
  const conditions = where.map(({ name, value }) => ({ name, values: readingsOf(value) }))
  return {
    from,
    to,
    acceptsType,
    texts: where.filter((one) => isInNotification(one, config.definitions)).map(({ value }) => value),
    accepts(notification) {
      const distilled = distiller.distil(notification, 0)
      return distilled.kind === 'event' && holdsTraits(distilled.event.traits, conditions)
    },
  }
}

/** Whether a notification with this trait has its value as a text among its own values. */
function isInNotification({ name, value }: WantedTrait, definitions: readonly EventDefinition[]): boolean {
  const traits = definitions.flatMap((definition) => definition.traits.filter((trait) => trait.name === name))
  const isTaken = traits.every(
    ({ type, plugin, fields }) =>
      type === 'text' && !plugin && fields.every(({ text }) => !text.includes('`')),
  )
  return isTaken && isFindable(value)
}
