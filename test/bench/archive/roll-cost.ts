import { createBenchDatabase, drain, fillQueue, type Servers, startBoth } from '../drain.ts'
import { median, printFigure } from '../figure.ts'
import { manyBodies } from '../ingest/messages.ts'
import { withServers } from '../servers.ts'

const MESSAGES = Number(process.env.STACKTACH_BENCH_MESSAGES ?? 120_000)
const ROUNDS = 3
/** A file is complete about every 7,000 notifications. */
const SMALL_FILES = [/roll_size_mb = 100/g, 'roll_size_mb = 20'] as const

/** The rate of a consumer whose complete files are packed by gzip and indexed, over that of one that does neither. */
export function benchRollCost(): Promise<void> {
  return withServers(async (bench) => {
    const servers = await startBoth(bench)
    const bodies = manyBodies(MESSAGES)
    const rates: { [name in 'plain' | 'packed']: number[] } = { plain: [], packed: [] }
    for (let round = 0; round < ROUNDS; round++) {
      rates.plain.push(await consume(servers, bodies, `plain_${round}`, 'compression = none\nindex = False'))
      rates.packed.push(await consume(servers, bodies, `packed_${round}`, 'compression = gzip'))
    }
    const ratio = median(rates.packed) / median(rates.plain)
    printFigure('archive_packing_of_ingest', ratio, {
      goal: 0.97,
      plain_per_s: Math.round(median(rates.plain)),
      packed_per_s: Math.round(median(rates.packed)),
      notifications: MESSAGES,
      rounds: ROUNDS,
    })
  })
}

async function consume(
  servers: Servers,
  bodies: readonly Buffer[],
  name: string,
  settings: string,
): Promise<number> {
  const changes = [SMALL_FILES, [/roll_minutes = 60/g, `roll_minutes = 60\n${settings}`]] as const
  const database = await createBenchDatabase(servers, name, changes)
  await fillQueue(servers.amqpUrl, bodies)
  const { seconds, consumers } = await drain(database, bodies.length, 1)
  await Promise.all(consumers.map((consumer) => consumer.stop()))
  return bodies.length / seconds
}
