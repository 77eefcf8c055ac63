import type { Command } from 'commander'
import { clockSettingsOf } from '../../assembly/event-clock-of.ts'
import { wallClock } from '../../clock/event-clock.ts'
import { readClock } from '../../clock/read-clock.ts'
import { describeHold } from '../../clock/watermark-clock.ts'
import type { Config } from '../../config/load/config.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { formatIso } from '../../domain/time.ts'
import type { Store } from '../../store/store.ts'
import { createCommand, print } from '../program.ts'
import { withConfiguredStore } from '../with-configured-store.ts'

type Options = { config: string; json?: true }

/** Creates `stv3 clock`, which prints the event clock and who holds it back. */
export function clockCommand(): Command {
  const show = createCommand(
    'show',
    'print what time it is, and who holds the clock (as a default)',
    'stv3 clock -c config/winchester.yaml',
  )
    .requiredOption('-c, --config <file>', 'winchester.yaml, or a yagi.conf that names one')
    .option('--json', 'print one JSON object')
    .action((options: Options) =>
      withConfiguredStore(options.config, (store, config) => printClock(store, config, options)),
    )
  const forget = createCommand(
    'forget',
    'let the event clock go on without a queue that no consumer reads any more',
    'stv3 clock forget monitor.info -c config/winchester.yaml',
  )
    .argument('<queue>', 'name of the queue')
    .requiredOption('-c, --config <file>', 'winchester.yaml, or a yagi.conf that names one')
    .action((queue: string, options: Options) =>
      withConfiguredStore(options.config, (store, config) => forgetQueue(store, config, queue)),
    )
  return createCommand(
    'clock',
    'print the event clock, by which streams fire and expire, and who holds it back',
    'stv3 clock -c config/winchester.yaml',
  )
    .addCommand(show, { isDefault: true })
    .addCommand(forget)
}

async function printClock(store: Store, config: Config, { json }: Options): Promise<void> {
  const { mode, now, holds } = await readClock(store, clockSettingsOf(config))
  if (json) {
    const shown = holds.map((hold) => ({ ...hold, at: formatIso(hold.at), since: formatIso(hold.since) }))
    const time = now === undefined ? null : formatIso(now)
    await print(`${JSON.stringify({ clock: mode, now: time, held_by: shown })}\n`)
  } else if (now === undefined) {
    await print(`the event clock is that of ${config.winchester.time_sync_endpoint}\n`)
  } else if (holds.length === 0) await print(`the event clock follows the wall clock: ${formatIso(now)}\n`)
  else
    for (const hold of holds) {
      await print(`the event clock is held ${describeHold(hold, wallClock.now())}\n`)
    }
}

async function forgetQueue(store: Store, config: Config, queue: string): Promise<void> {
  const { holds } = await readClock(store, clockSettingsOf(config))
  if (!holds.some((hold) => hold.queue === queue && hold.why === 'gone'))
    throw new NotFoundError(`nobody who has ended holds the event clock for queue ${queue}`)
  await store.forgetQueue(queue)
  await print(`the event clock goes on without queue ${queue}\n`)
}
