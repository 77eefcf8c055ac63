import { type Command, Option } from 'commander'
import type { LogFormat } from '../../runtime/log/log-format.ts'
import { type RecordOptions, withRecordOptions } from '../archive/record-options.ts'
import { parsePositive } from '../program.ts'

export type ReplayCommandOptions = RecordOptions & {
  readonly config: string
  readonly speed?: number
  readonly pipelines: 'on' | 'off'
  readonly publish?: true
  readonly releaseUnfinished?: true
  readonly dryRun?: true
  readonly compare?: true
  readonly redistil?: true
  readonly json?: true
  readonly logLevel?: string
  readonly logFormat?: LogFormat
}

/** Adds the options of `stv3 replay`. */
export function addReplayOptions(command: Command): Command {
  return withRecordOptions(
    command.requiredOption('-c, --config <file>', 'winchester.yaml, or a yagi.conf that names one'),
  )
    .option('--speed <n>', 'n times as fast as they were made (default: as fast as possible)', parsePositive)
    .addOption(
      new Option('--pipelines <mode>', 'off: streams that are due are completed, and nothing is run for them')
        .choices(['on', 'off'])
        .default('on'),
    )
    .addOption(
      new Option(
        '--publish',
        'let handlers send what they have to send (default: the commit of those that may is left out)',
      ).conflicts(['dryRun', 'redistil']),
    )
    .option(
      '--release-unfinished',
      'first hand to the workers what a replay of other files, or of files that are gone, has left unfinished',
    )
    .addOption(
      new Option('--dry-run', 'into a temporary database; print what would be made').conflicts('speed'),
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
        'only give stored events the traits of the present definitions; nothing fires',
      ).conflicts(['dryRun', 'compare', 'speed']),
    )
    .option('--json', 'one JSON object a line')
}
