import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { createMysqlDatabase } from '../../sandbox/servers/mysql-store.ts'
import { buildWorker } from '../../src/assembly/build-worker.ts'
import { createStore } from '../../src/assembly/open-store.ts'
import { requirePipelines } from '../../src/assembly/require-pipelines.ts'
import { createManualClock } from '../../src/clock/event-clock.ts'
import { loadConfig } from '../../src/config/load/load-config.ts'
import type { Event } from '../../src/domain/event.ts'
import { MICROS_PER_DAY, MICROS_PER_SECOND, parseIso } from '../../src/domain/time.ts'
import type { Traits } from '../../src/domain/trait.ts'
import type { Handler } from '../../src/pipeline/handler.ts'
import type { Pipeline } from '../../src/pipeline/load-pipelines.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import { openMysqlDatabase } from '../../src/store/mysql/mysql-database.ts'
import { upgradeSchema } from '../../src/store/schema/migrate.ts'
import type { Store } from '../../src/store/store.ts'
import { createRouter } from '../../src/streams/router.ts'
import { median, printFigure } from './figure.ts'
import { withServers } from './servers.ts'

const STREAMS = 10_000
/** 9 or 10 in turn */
const EVENTS_PER_STREAM = 9.5
const ROUNDS = 3
/** MariaDB makes a subquery of longer lists. */
const CLAIM = 900
const DAY = parseIso('2026-11-19T00:00:00') as number
const MIDNIGHT = DAY + MICROS_PER_DAY
const NOW = MIDNIGHT + MICROS_PER_DAY

/**
 * Streams per second in one worker through two handlers that work in memory, and through logger and usage, whose
 * results are stored, over bare claims, reads and completions.
 */
export function benchFire(): Promise<void> {
  return withServers(async ({ startMariadb }) => {
    const serverUrl = await startMariadb()
    const [floor, inMemory, engine]: [number[], number[], number[]] = [[], [], []]
    const shipped = await requirePipelines(config)
    for (let round = 0; round < ROUNDS; round++) {
      floor.push(await inTurn(serverUrl, `floor_${round}`, (url) => fireBarely(url)))
      inMemory.push(await inTurn(serverUrl, `memory_${round}`, (_, store) => fire(store, IN_MEMORY)))
      engine.push(await inTurn(serverUrl, `engine_${round}`, (_, store) => fire(store, shipped)))
    }
    const details = { streams: STREAMS, events_per_stream: EVENTS_PER_STREAM, rounds: ROUNDS }
    printFigure('fire_floor_per_s', median(floor), details)
    const ofFloor = (rates: readonly number[]) => Number((median(rates) / median(floor)).toFixed(2))
    printFigure('fire_per_s', median(inMemory), {
      handlers: 'two in memory, that read every trait',
      goal_of_floor: 0.5,
      of_floor: ofFloor(inMemory),
      ...details,
    })
    printFigure('fire_usage_per_s', median(engine), {
      handlers: 'logger and usage, whose results are stored',
      of_floor: ofFloor(engine),
      ...details,
    })
  })
}

const config = await loadConfig(resolve(import.meta.dirname, '../../config/winchester.yaml'), process.env)

async function inTurn(
  serverUrl: string,
  name: string,
  run: (url: string, store: Store) => Promise<void>,
): Promise<number> {
  const url = await createMysqlDatabase(serverUrl, name)
  const database = await openMysqlDatabase({ url: new URL(url) })
  await upgradeSchema(database.db, database.dialect.types)
  const store = await createStore(database, config, { writer: name })
  await fill(store)
  const begun = performance.now()
  await run(url, store)
  const seconds = (performance.now() - begun) / 1000
  const left = await store.countStreams({ state: 'active' }, { limit: 1, mark: undefined, ascending: true })
  if (left > 0) throw new Error(`${name}: ${left} streams did not fire`)
  await store.close()
  return STREAMS / seconds
}

/** An instance-day each: updates, then the end-of-day exists. */
async function fill(store: Store): Promise<void> {
  const router = createRouter(config.triggers)
  for (let from = 0; from < STREAMS; from += 50) {
    const events = Array.from({ length: 50 }, (_, index) => instanceDay(from + index)).flat()
    const arrivals = events.map((event) => ({ event, at: event.timestamp, keys: router.keysOf(event) }))
    await store.storeBatch({ arrivals, deadLetters: [] }, router)
  }
}

function instanceDay(number: number): Event[] {
  const updates = Array.from({ length: 8 + (number % 2) }, (_, index) =>
    eventOf(number, index, 'compute.instance.update', DAY + (index + 1) * MICROS_PER_SECOND, {}),
  )
  const audit: Traits = {
    audit_period_beginning: { type: 'datetime', value: DAY },
    audit_period_ending: { type: 'datetime', value: MIDNIGHT },
  }
  return [...updates, eventOf(number, 9, 'compute.instance.exists', MIDNIGHT + number, audit)]
}

function eventOf(number: number, index: number, eventType: string, timestamp: number, traits: Traits): Event {
  const id = number.toString(16).padStart(8, '0')
  const text = (value: string) => ({ type: 'text', value }) as const
  return {
    messageId: `${id}-000${index}-4000-8000-000000000000`,
    eventType,
    timestamp,
    traits: {
      instance_id: text(`${id}-aaaa-4000-8000-000000000000`),
      tenant_id: text('202036'),
      user_id: text('202036'),
      request_id: text(`req-${id}-bbbb-4000-8000-000000000000`),
      service: text('compute.host-1'),
      host: text('host-1'),
      display_name: text(`server-${number}`),
      instance_flavor: text('4GB Standard Instance'),
      instance_flavor_id: text('5'),
      memory_mb: { type: 'int', value: 4096 },
      disk_gb: { type: 'int', value: 160 },
      root_gb: { type: 'int', value: 160 },
      vcpus: { type: 'int', value: 2 },
      state: text('active'),
      os_architecture: text('x64'),
      os_distro: text('com.redhat'),
      os_version: text('6.3'),
      created_at: { type: 'datetime', value: DAY - 2 * MICROS_PER_DAY },
      launched_at: { type: 'datetime', value: DAY - MICROS_PER_DAY },
      ...traits,
    },
  }
}

/** Reads all that there is to read and changes nothing. */
class Reading implements Handler {
  traits = 0

  handleEvents(events: readonly Event[]): readonly Event[] {
    for (const { traits } of events) this.traits += Object.keys(traits).length
    return events
  }
  commit() {}
  rollback() {}
}

const reading = { name: 'reading', handler: Reading, params: {} }
const IN_MEMORY = new Map<string, Pipeline>(
  ['instance_day_complete', 'instance_day_expired'].map((name) => [
    name,
    { name, steps: [reading, reading] },
  ]),
)

async function fire(store: Store, pipelines: ReadonlyMap<string, Pipeline>): Promise<void> {
  const clock = createManualClock(NOW)
  const worker = buildWorker({ config, pipelines, store, clock, logger: silentLogger, name: 'bench' })
  await worker.start()
  while (worker.counters.fired < STREAMS) {
    if (worker.counters.failed > 0) throw new Error('no stream of the bench may fail')
    await delay(2)
  }
  await worker.stop()
}

/** Claims, reads and completes, and does nothing with what it reads. */
async function fireBarely(url: string): Promise<void> {
  const database = await createConnection(url)
  await database.query('set session transaction isolation level read committed')
  for (;;) {
    await database.query('start transaction')
    const [streams] = await database.query<RowDataPacket[]>(
      'select * from stream where state = 1 and fire_timestamp < ? order by fire_timestamp limit ? for update skip locked',
      [NOW, CLAIM],
    )
    if (streams.length === 0) break
    const ids = streams.map(({ id }) => id)
    await database.query(
      "update stream set state = 2, state_serial_no = state_serial_no + 1, attempts = attempts + 1, claimed_by = 'floor', lease_until = 1 where id in (?)",
      [ids],
    )
    await database.query('commit')
    await database.query(
      'select event.id, message_id, `generated`, traits, event_type_id, stream_id from stream_event join event on event.id = event_id where stream_id in (?)',
      [ids],
    )
    await database.query('start transaction')
    await database.query('delete from open_stream where key_hash in (?) and stream_id in (?)', [
      streams.map(({ key_hash }) => key_hash).sort(Buffer.compare),
      ids,
    ])
    await database.query('select id, state_serial_no from stream where id in (?) order by id for update', [
      ids,
    ])
    await database.query(
      'update stream set state = 6, state_serial_no = state_serial_no + 1, claimed_by = null, lease_until = null where id in (?)',
      [ids],
    )
    await database.query('commit')
  }
  await database.end()
}
