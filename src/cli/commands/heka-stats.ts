import type { Command } from 'commander'
import { buildStatsProxy } from '../../assembly/heka/build-stats-proxy.ts'
import { STATS_PROXY } from '../../heka/settings/programs.ts'
import { createSettingsCommand } from '../heka/settings-command.ts'

/** Creates `stv3 heka-stats`, which serves what the programs of Heka say about themselves. */
export function hekaStatsCommand(): Command {
  return createSettingsCommand({
    name: 'heka-stats',
    role: 'heka_stats',
    description: 'serve the statistics of receivers and subscribers: /config, and the websocket /messages',
    example: 'stv3 heka-stats --http-port 9010 --broker-url amqp://localhost',
    program: STATS_PROXY,
    build: buildStatsProxy,
  })
}
