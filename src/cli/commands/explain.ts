import { type Command, Option } from 'commander'
import { clockSettingsOf } from '../../assembly/event-clock-of.ts'
import { requirePipelines } from '../../assembly/require-pipelines.ts'
import { wallClock } from '../../clock/event-clock.ts'
import { readClock } from '../../clock/read-clock.ts'
import { describeHold } from '../../clock/watermark-clock.ts'
import type { Config } from '../../config/load/config.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import { createDistiller } from '../../distiller/distiller.ts'
import { formatPosition } from '../../domain/errors.ts'
import type { Notification } from '../../domain/notification.ts'
import { describeNotification } from '../../explain/notification/describe-notification.ts'
import { describeSummary } from '../../explain/notification/describe-summary.ts'
import {
  type Explaining,
  explainBroken,
  explainNotification,
  type NotificationExplanation,
} from '../../explain/notification/explain-notification.ts'
import { ExplanationCounts } from '../../explain/notification/summary.ts'
import { describeVerdict } from '../../explain/verify/describe-verdict.ts'
import { explainResult } from '../../explain/verify/explain-result.ts'
import type { Store } from '../../store/store.ts'
import { stringifyJson } from '../../text/json.ts'
import { recordFilterOf, type WantedTrait, whereOption } from '../archive/record-options.ts'
import { decodeJsonText } from '../decode-json-text.ts'
import type { JsonText } from '../json-text.ts'
import { lagOf } from '../lag-of.ts'
import { loggerOf } from '../logger-of.ts'
import { createCommand, print, printNote } from '../program.ts'
import { readJsonTexts, withoutOffset } from '../read-json-texts.ts'
import { Outcomes } from '../require-read.ts'
import { withConfiguredStore } from '../with-configured-store.ts'

type Options = {
  config: string
  result?: string
  json?: true
  where?: readonly WantedTrait[]
  summary?: true
  logLevel?: string
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
    .addOption(whereOption().conflicts('result'))
    .addOption(
      new Option(
        '--summary',
        'count event types, streams and reasons instead of showing each notification',
      ).conflicts('result'),
    )
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

async function explainAll(files: readonly string[], options: Options): Promise<void> {
  const config = await loadWholeConfig(options.config, process.env)
  const distiller = createDistiller(config.definitions, {
    catchAll: config.winchester.catch_all_notifications,
  })
  const { accepts } = recordFilterOf(options.where ? { where: options.where } : {}, config)
  const outcomes = new Outcomes()
  const counts = new ExplanationCounts()
  let left = 0
  for (const file of files) {
    for await (const text of readJsonTexts(file)) {
      const explanation = explain(text, { config, distiller, received: wallClock.now() }, accepts)
      if (!explanation) {
        left++
        continue
      }
      const { event_type, definition, error } = explanation
      // A type without a definition is no failure of the notification.
      if (event_type !== null) outcomes.add(definition ? error : null)
      if (options.summary) counts.add(explanation)
      else await show(explanation, lagOf(text.text, config) ?? null, options)
    }
  }
  if (left > 0 && outcomes.areNone) return printNote(`${left} notifications, none with ${whereText(options)}`)
  outcomes.require(files)
  if (!options.summary) return
  const summary = counts.summary()
  await print(options.json ? `${stringifyJson(summary)}\n` : describeSummary(summary))
}

function whereText({ where = [] }: Options): string {
  return where.map(({ name, value }) => `${name}=${value}`).join(' and ')
}

async function show(
  explanation: NotificationExplanation,
  lag: string | null,
  { json }: Options,
): Promise<void> {
  const told = lag === null ? '' : `  is ${lag}\n`
  await print(json ? `${stringifyJson({ ...explanation, lag })}\n` : describeNotification(explanation) + told)
}

/** Explains a text; undefined where a notification is not wanted. What is no notification has no traits. */
function explain(
  text: JsonText,
  explaining: Explaining,
  isWanted: ((notification: Notification) => boolean) | undefined,
): NotificationExplanation | undefined {
  const decoded = decodeJsonText(text)
  if (isWanted && !(decoded.ok && isWanted(decoded.notification))) return undefined
  if (decoded.ok) return explainNotification(decoded.notification, explaining)
  const place = formatPosition(text.place())
  return explainBroken(`${decoded.stage}: ${withoutOffset(decoded.reason)} (${place})`)
}
