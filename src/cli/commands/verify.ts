import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { requirePipelines } from '../../assembly/require-pipelines.ts'
import { wallClock } from '../../clock/event-clock.ts'
import type { Config } from '../../config/load/config.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import { createDistiller } from '../../distiller/distiller.ts'
import { formatPosition } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import { describeVerdict, describeVerdicts } from '../../explain/verify/describe-verdict.ts'
import { StreamGroups } from '../../explain/verify/stream-groups.ts'
import type { VerdictLine } from '../../explain/verify/verdict-line.ts'
import { verifyGroups } from '../../explain/verify/verify-groups.ts'
import { createRouter } from '../../streams/router.ts'
import { stringifyJson } from '../../text/json.ts'
import { decodeJsonText } from '../decode-json-text.ts'
import type { JsonText } from '../json-text.ts'
import { loggerOf } from '../logger-of.ts'
import { createCommand, print, printNote } from '../program.ts'
import { readJsonTexts, withoutOffset } from '../read-json-texts.ts'
import { requireRead } from '../require-read.ts'

type Options = { config: string; json?: true; all?: true; logLevel?: string }

/** Shipped configuration: definitions and triggers for OpenStack, practical rules. */
const SHIPPED = fileURLToPath(new URL('../../../config/winchester.yaml', import.meta.url))

/** Creates `stv3 verify`, which turns notifications into verdicts on usage without any server. */
export function verifyCommand(): Command {
  return createCommand(
    'verify',
    'verify the usage in notifications without servers; exits 1 when something failed',
    'stv3 verify day.jsonl.gz --json',
  )
    .argument(
      '<file...>',
      'notifications, one a line, indented or in lists, also gzipped, in any order; - is standard input',
    )
    .option(
      '-c, --config <file>',
      'winchester.yaml or yagi.conf with the definitions, triggers and pipelines to use (default: those shipped)',
      SHIPPED,
    )
    .option('--all', 'also print what was verified, with all checks')
    .option('--json', 'one JSON object a line, for each verdict')
    .action(verify)
}

async function verify(files: readonly string[], options: Options): Promise<void> {
  const config = await loadWholeConfig(options.config, process.env)
  const groups = new StreamGroups(createRouter(config.triggers))
  const unread = await readEvents(files, config, groups)
  const verdicts = verifyGroups(groups.sorted(), config.triggers, await requirePipelines(config), {
    logger: loggerOf(options, 'silent'),
  })
  for (const verdict of verdicts) await show(verdict, options)
  if (!options.json) await print(describeVerdicts(verdicts))
  if (unread > 0 || verdicts.some((one) => one.verdict === 'failed')) process.exitCode = 1
}

async function show(verdict: VerdictLine, { json, all }: Options): Promise<void> {
  if (json) await print(`${stringifyJson(verdict)}\n`)
  else if (all || verdict.verdict !== 'verified' || verdict.warnings.length > 0) {
    await print(describeVerdict(verdict, all === true))
  }
}

/**
 * Reads all notifications into groups. Reports unreadable ones on standard error and returns their number.
 * Rejects with StackTachError when there is no readable one.
 */
async function readEvents(files: readonly string[], config: Config, groups: StreamGroups): Promise<number> {
  const distiller = createDistiller(config.definitions, {
    catchAll: config.winchester.catch_all_notifications,
  })
  let [read, unread] = [0, 0]
  for (const file of files) {
    for await (const text of readJsonTexts(file)) {
      const event = eventOf(text)
      if (typeof event === 'string') {
        unread++
        printNote(`${formatPosition(text.place())}: ${withoutOffset(event)}`)
      } else if (event) groups.add(event)
    }
  }
  requireRead(read, files)
  return unread

  function eventOf(text: JsonText): Event | string | undefined {
    const decoded = decodeJsonText(text)
    if (!decoded.ok) return decoded.reason
    read++
    const distilled = distiller.distil(decoded.notification, wallClock.now())
    if (distilled.kind === 'failed') return distilled.reason
    return distilled.kind === 'event' ? distilled.event : undefined
  }
}
