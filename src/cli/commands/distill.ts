import type { Command } from 'commander'
import { wallClock } from '../../clock/event-clock.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import { loadDefinitions } from '../../config/load/load-definitions.ts'
import type { Decoded } from '../../distiller/decode-notification.ts'
import { createDistiller, type Distiller } from '../../distiller/distiller.ts'
import { formatPosition } from '../../domain/errors.ts'
import { restEvent } from '../../formats/rest-form.ts'
import { stringifyJson } from '../../text/json.ts'
import { decodeJsonText } from '../decode-json-text.ts'
import type { JsonText } from '../json-text.ts'
import { createCommand, printData } from '../program.ts'
import { readJsonTexts, withoutOffset } from '../read-json-texts.ts'
import { Outcomes } from '../require-read.ts'

type Options = { definitions?: readonly string[]; config?: string; catchall?: true }

/** Creates `stv3 distill`, which prints exactly one line for each notification. */
export function distillCommand(): Command {
  return createCommand(
    'distill',
    'show the events that notifications become, a line each',
    'stv3 distill --definitions config/event_definitions.yaml day.jsonl',
  )
    .argument(
      '[file...]',
      'notifications, one a line, indented or in lists, also gzipped (default: - is standard input)',
    )
    .option(
      '-c, --config <file>',
      'winchester.yaml, or a yagi.conf that names one, whose definitions and own plugins are used',
    )
    .option(
      '--definitions <path>',
      'event_definitions.yaml or a folder of such files; may be given several times',
      (path: string, before: readonly string[] = []) => [...before, path],
    )
    .option('--catchall', 'make events also of notifications that no definition matches')
    .action((files: readonly string[], options: Options, command: Command) => {
      if ((options.definitions === undefined) === (options.config === undefined))
        command.error('stv3 distill: expected --definitions PATH or -c FILE', { exitCode: 2 })
      return distill(files, options)
    })
}

async function distill(files: readonly string[], options: Options): Promise<void> {
  const distiller = await distillerOf(options)
  const names = files.length > 0 ? files : ['-']
  const outcomes = new Outcomes()
  for (const file of names) {
    for await (const text of readJsonTexts(file)) {
      const decoded = decodeJsonText(text)
      const { line, failure } = answer(text, decoded, distiller)
      if (decoded.ok) outcomes.add(failure)
      await printData(`${stringifyJson(line)}\n`)
    }
  }
  outcomes.require(names)
}

async function distillerOf({ definitions = [], config: file, catchall }: Options): Promise<Distiller> {
  if (file === undefined) {
    return createDistiller(await loadDefinitions(definitions, process.env), { catchAll: catchall ?? false })
  }
  const config = await loadWholeConfig(file, process.env)
  const { catch_all_notifications } = config.winchester
  return createDistiller(config.definitions, { catchAll: catchall ?? catch_all_notifications })
}

/** Returns the line to print for a notification, and why it did not become an event. */
function answer(
  text: JsonText,
  decoded: Decoded,
  distiller: Distiller,
): { line: unknown; failure: string | null } {
  const refused = (reason: string) => ({
    line: { error: withoutOffset(reason), at: formatPosition(text.place()) },
    failure: reason,
  })
  if (!decoded.ok) return refused(decoded.reason)
  const distilled = distiller.distil(decoded.notification, wallClock.now())
  if (distilled.kind === 'failed') return refused(distilled.reason)
  return { line: distilled.kind === 'dropped' ? null : restEvent(distilled.event, 'six'), failure: null }
}
