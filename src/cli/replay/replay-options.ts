import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Micros } from '../../domain/time.ts'
import { readingsOf, type TraitCondition } from '../../domain/trait-condition.ts'
import type { Wanted } from '../../replay/records/wanted.ts'
import type { LogFormat } from '../../runtime/log/log-lines.ts'
import { compileEventTypeFilter } from '../../text/event-type-filter.ts'
import { parseFilterTime, parsePositive } from '../program.ts'

export type ReplayCommandOptions = {
  readonly config: string
  readonly from?: Micros
  readonly to?: Micros
  readonly types?: readonly string[]
  readonly where?: readonly TraitCondition[]
  readonly speed?: number
  readonly pipelines: 'on' | 'off'
  readonly publish?: true
  readonly workersStopped?: true
  readonly dryRun?: true
  readonly compare?: true
  readonly redistil?: true
  readonly json?: true
  readonly logLevel?: string
  readonly logFormat?: LogFormat
}

/** Adds the options of `stv3 replay`. */
export function addReplayOptions(command: Command): Command {
  return command
    .requiredOption('-c, --config <file>', 'winchester.yaml, or a yagi.conf that names one')
    .option('--from <time>', 'only notifications of this time and later', parseFilterTime)
    .option('--to <time>', 'only notifications before this time', parseFilterTime)
    .option('--types <globs>', 'only these event types: globs with commas, !glob excludes', parseTypes)
    .option(
      '--where <trait=value>',
      'only notifications whose event has this trait; may be repeated',
      parseWhere,
    )
    .option(
      '--speed <n>',
      'so many times as fast as they were made (default: as fast as possible)',
      parsePositive,
    )
    .addOption(
      new Option(
        '--pipelines <mode>',
        'whether pipelines run; without, what is due is completed and nothing else',
      )
        .choices(['on', 'off'])
        .default('on'),
    )
    .addOption(
      new Option(
        '--publish',
        'handlers that send something do so too (default: their commit is left out)',
      ).conflicts(['dryRun', 'redistil']),
    )
    .option('--workers-stopped', 'with `clock: wall` or a time service: no worker of this database runs')
    .addOption(
      new Option('--dry-run', 'into a temporary database; print what would be made of it').conflicts('speed'),
    )
    .addOption(
      new Option(
        '--compare',
        'with --dry-run: print what differs from the database; exits 1 if something does',
      ),
    )
    .addOption(
      new Option(
        '--redistil',
        'give stored events the traits of the present definitions; fire nothing',
      ).conflicts(['dryRun', 'compare', 'speed']),
    )
    .option('--json', 'one JSON object a line')
}

/** Returns which notifications the options choose. */
export function wantedOf({ from, to, types, where }: ReplayCommandOptions): Wanted {
  return {
    from,
    to,
    acceptsType: types && compileEventTypeFilter(types),
    traits: where,
  }
}

function parseTypes(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

function parseWhere(text: string, before: readonly TraitCondition[] = []): TraitCondition[] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('expected TRAIT=VALUE, such as instance_id=3f2a.')
  return [...before, { name: text.slice(0, at), values: readingsOf(text.slice(at + 1)) }]
}
