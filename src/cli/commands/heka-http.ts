import type { Command } from 'commander'
import { buildHttpReceiver } from '../../assembly/heka/build-http-receiver.ts'
import { HTTP_RECEIVER } from '../../heka/settings/programs.ts'
import { createSettingsCommand } from '../heka/settings-command.ts'

/** Creates `stv3 heka-http`, which relays messages that are posted to the stream of a subject. */
export function hekaHttpCommand(): Command {
  return createSettingsCommand({
    name: 'heka-http',
    role: 'heka_http',
    description: 'relay messages of Heka from HTTP to a stream of RabbitMQ',
    example: 'RCVR_CLIENT_ID=http-1 stv3 heka-http --broker-url amqp://localhost',
    program: HTTP_RECEIVER,
    build: buildHttpReceiver,
  })
}
