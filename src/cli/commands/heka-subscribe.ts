import type { Command } from 'commander'
import { buildSubscriber } from '../../assembly/heka/build-subscriber.ts'
import { SUBSCRIBER } from '../../heka/settings/programs.ts'
import { createSettingsCommand } from '../heka/settings-command.ts'

/** Creates `stv3 heka-subscribe`, which posts the messages of a subject as lines of JSON. */
export function hekaSubscribeCommand(): Command {
  return createSettingsCommand({
    name: 'heka-subscribe',
    role: 'heka_subscribe',
    description: 'post the messages of a stream of RabbitMQ in batches of lines of JSON',
    example: `stv3 heka-subscribe --client-id sub-1 --subject lagermeister-test --durable archive \\
    --deliver-all true --remote-url https://collector.example.org/in`,
    program: SUBSCRIBER,
    build: buildSubscriber,
  })
}
