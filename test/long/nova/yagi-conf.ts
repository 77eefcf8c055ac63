import { cpSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const SHIPPED = resolve(import.meta.dirname, '../../../config')
const QUEUES = ['notifications', 'versioned_notifications'].flatMap((name) => [
  `${name}.info`,
  `${name}.error`,
])

/** A copy of the shipped configuration whose consumer reads the queues of Nova; answers its yagi.conf. */
export function writeYagiConf(folder: string): string {
  cpSync(SHIPPED, join(folder, 'config'), { recursive: true })
  const file = join(folder, 'config', 'nova.conf')
  writeFileSync(
    file,
    `[rabbit_broker]
url = \${STACKTACH_AMQP_URL}
reconnect_delay = 1
[consumers]
queues = ${QUEUES.join(', ')}
${QUEUES.map(section).join('')}[shoebox]
working_directory = \${STACKTACH_ARCHIVE}
destination_folder = \${STACKTACH_ARCHIVE}/done
filename_template = notifications_%Y_%m_%d_%H_%M_%S_%f.json
roll_manager = shoebox.roll_manager:WritingJSONRollManager
roll_size_mb = 100
[winchester]
config_file = winchester.yaml
`,
  )
  return file
}

function section(queue: string): string {
  return `[consumer:${queue}]
apps = yagi.handler.shoebox_handler.ShoeboxHandler, winchester.yagi_handler.WinchesterHandler
exchange = nova
exchange_type = topic
routing_key = ${queue}
durable = False
`
}
