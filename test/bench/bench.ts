// Measures, prints one JSON line per figure, and asserts nothing.
//
//   npm run -s bench                    everything
//   npm run -s bench -- generate        what is named only: a bench, or a figure of one
//   npm run -s bench -- growth --events 10000000

import { parseArgs } from 'node:util'
import { benchArchive } from './archive/archive.ts'
import { benchRollCost } from './archive/roll-cost.ts'
import type { BenchOptions } from './bench-options.ts'
import { benchContention } from './contention.ts'
import { benchDistill } from './distill.ts'
import { benchFire } from './fire.ts'
import { benchGenerate } from './generate.ts'
import { benchGrowth } from './growth/growth.ts'
import { benchLoad } from './growth/load.ts'
import { benchHeka } from './heka.ts'
import { benchIngest } from './ingest/ingest.ts'
import { benchLatency } from './latency.ts'
import { benchLogs } from './logs/logs.ts'
import { benchMemory } from './memory.ts'
import { benchPaths } from './paths.ts'
import { benchReasons } from './reasons.ts'
import { benchReplay } from './replay.ts'
import { benchShip } from './ship.ts'
import { benchStartUp } from './start-up.ts'

type Bench = {
  readonly figures: readonly string[]
  readonly run: (options: BenchOptions) => void | Promise<void>
}

const BENCHES: { readonly [name: string]: Bench } = {
  distill: { figures: ['distill_per_s'], run: benchDistill },
  paths: { figures: ['path_reads_per_s'], run: benchPaths },
  'start-up': {
    figures: ['stv3_version_ms', 'klugman_version_ms', 'klugman_streams_ms'],
    run: benchStartUp,
  },
  generate: { figures: ['generate_file_per_s', 'generate_amqp_per_s'], run: benchGenerate },
  ingest: { figures: ['ingest_floor_per_s', 'ingest_per_s'], run: benchIngest },
  reasons: { figures: ['reasons_of_ingest'], run: benchReasons },
  replay: { figures: ['replay_per_s', 'replay_rss_mb'], run: benchReplay },
  fire: { figures: ['fire_floor_per_s', 'fire_per_s', 'fire_usage_per_s'], run: benchFire },
  heka: { figures: ['heka_wire_per_s', 'heka_through_per_s'], run: benchHeka },
  memory: { figures: ['rss_mb'], run: benchMemory },
  latency: { figures: ['visible_ms', 'fired_ms', 'trickle_visible_ms'], run: benchLatency },
  contention: { figures: ['deadlocks_per_1000'], run: benchContention },
  archive: { figures: ['archive_cat_mb_per_s', 'archive_verify_of_gzip'], run: benchArchive },
  'roll-cost': { figures: ['archive_packing_of_ingest'], run: benchRollCost },
  logs: {
    figures: ['logs_of_floor', 'logs_mb_per_cpu_s', 'logs_mb_per_s_as_thunder', 'logs_rss_mb'],
    run: benchLogs,
  },
  ship: { figures: ['ship_small_per_s', 'ship_of_bare_upload'], run: benchShip },
  growth: { figures: ['ingest_at_0', 'ingest_at_1m', 'api_p99_ms'], run: benchGrowth },
  load: { figures: ['api_p99_ms_under_load', 'ingest_under_load'], run: benchLoad },
}

const { values, positionals: names } = parseArgs({
  options: { events: { type: 'string' } },
  allowPositionals: true,
})
const options: BenchOptions = { events: values.events === undefined ? undefined : Number(values.events) }
const isMeant = (bench: string, name: string) => name === bench || BENCHES[bench]?.figures.includes(name)
const all = Object.entries(BENCHES)
const unknown = names.find((name) => !all.some(([bench]) => isMeant(bench, name)))
if (unknown !== undefined) {
  const known = all.map(([bench, { figures }]) => `${bench} (${figures.join(', ')})`)
  process.stderr.write(`there is no bench ${unknown}; there are ${known.join(', ')}\n`)
  process.exit(2)
}
for (const [bench, { run }] of all) {
  if (names.length === 0 || names.some((name) => isMeant(bench, name))) await run(options)
}
