import type { Command } from 'commander'
import { buildTcpReceiver } from '../../assembly/heka/build-tcp-receiver.ts'
import { TCP_RECEIVER } from '../../heka/settings/programs.ts'
import { createSettingsCommand } from '../heka/settings-command.ts'

/** Creates `stv3 heka-tcp`, which relays frames from TCP to the stream of a subject. */
export function hekaTcpCommand(): Command {
  return createSettingsCommand({
    name: 'heka-tcp',
    role: 'heka_tcp',
    description: 'relay messages of Heka from TCP to a stream of RabbitMQ',
    example: 'TCPRCVR_CLIENT_ID=tcp-1 stv3 heka-tcp --broker-url amqp://localhost',
    program: TCP_RECEIVER,
    build: buildTcpReceiver,
  })
}
