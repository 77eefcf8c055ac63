import type { Command } from 'commander'
import { wallClock } from '../../clock/event-clock.ts'
import { loadDefinitions } from '../../config/load/load-definitions.ts'
import { decodeNotificationText } from '../../distiller/decode-notification.ts'
import { createDistiller, type Distiller } from '../../distiller/distiller.ts'
import { restEvent } from '../../formats/rest-form.ts'
import { stringifyJson } from '../../text/json.ts'
import { createCommand, printData } from '../program.ts'
import { readNotifications } from '../read-notifications.ts'

type Options = { definitions: readonly string[]; catchall?: true }

/** Creates `stv3 distill`, which prints exactly one line for each notification. */
export function distillCommand(): Command {
  return createCommand(
    'distill',
    'show the events that notifications become (JSON lines, also gzipped; - is standard input)',
    'stv3 distill --definitions config/event_definitions.yaml day.jsonl',
  )
    .argument('[file...]', 'notifications, one a line, indented or in lists (default: standard input)')
    .requiredOption(
      '--definitions <path>',
      'event_definitions.yaml or a folder of such files; may be given several times',
      (path: string, before: readonly string[] = []) => [...before, path],
    )
    .option('--catchall', 'make events also of notifications that no definition matches')
    .action(distill)
}

async function distill(files: readonly string[], { definitions, catchall }: Options): Promise<void> {
  const compiled = await loadDefinitions(definitions, process.env)
  const distiller = createDistiller(compiled, { catchAll: catchall ?? false })
  for (const file of files.length > 0 ? files : ['-']) {
    for await (const { text: line } of readNotifications(file)) {
      await printData(`${stringifyJson(answer(line, distiller))}\n`)
    }
  }
}

function answer(line: string, distiller: Distiller): unknown {
  const decoded = decodeNotificationText(line)
  if (!decoded.ok) return { error: decoded.reason }
  const distilled = distiller.distil(decoded.notification, wallClock.now())
  if (distilled.kind === 'failed') return { error: distilled.reason }
  return distilled.kind === 'dropped' ? null : restEvent(distilled.event, 'six')
}
