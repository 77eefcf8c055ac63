import { setTimeout as delay } from 'node:timers/promises'
import type { Deployment } from '../../../sandbox/servers/deployment.ts'
import { formatIso, MICROS_PER_DAY, MICROS_PER_SECOND } from '../../../src/domain/time.ts'
import type { SimulationOptions } from '../../../src/notigen/simulation.ts'
import { writeLines } from '../notifications.ts'
import { until } from '../until.ts'

/** Returns the flags of `stv3 generate` for a run. */
export function flagsOf(options: SimulationOptions & { readonly end: number }): string[] {
  const { seed, start, end, instances, operationsPerHour, trouble = {} } = options
  const kebab = (name: string) => name.replace(/[a-z][A-Z]/g, ([a, b]) => `${a}-${b}`).toLowerCase()
  const shares = Object.entries(trouble).flatMap(([kind, share]) => [`--${kebab(kind)}`, String(share)])
  return [
    ...['--seed', String(seed), '--start', formatIso(start)],
    ...['--duration', `${(end - start) / MICROS_PER_SECOND}s`],
    ...['--instances', String(instances), '--operations-per-hour', String(operationsPerHour)],
    ...shares,
  ]
}

/**
 * Moves the clock days beyond the end of a run by publishing an event that joins no stream. Waits until all
 * streams are completed, except those of the trigger `leftOut`; streams without an exists expire.
 */
export async function completeAll(
  deployment: Deployment,
  folder: string,
  end: number,
  leftOut?: string,
): Promise<void> {
  const later = {
    event_type: 'keypair.import.end',
    message_id: 'later',
    timestamp: formatIso(end + 4 * MICROS_PER_DAY),
    payload: {},
  }
  await deployment.publish(writeLines(folder, 'later.jsonl', [JSON.stringify(later)]))
  const open = async () =>
    (await deployment.allStreams()).filter(({ name, state }) => state !== 'completed' && name !== leftOut)
  try {
    await until(
      'all streams to be completed',
      async () => {
        await delay(100)
        return (await open()).length === 0
      },
      120_000,
    )
  } catch (error) {
    const [first] = await open()
    const reports = await deployment.store.readReports()
    throw new Error(`the first of them: ${JSON.stringify(first)}; consumers: ${JSON.stringify(reports)}`, {
      cause: error,
    })
  }
}
