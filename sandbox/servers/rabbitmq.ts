import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram, freePort, ServerProcess } from './server-process.ts'

/** A RabbitMQ of our own: its own node, folders, ports and port mapper. Answers its URL. */
export async function startRabbitmq(folder: string, stops: (() => Promise<void>)[]): Promise<string> {
  // The script in /usr/sbin insists on the account and folders of the system's instance.
  const program = findProgram('/usr/lib/rabbitmq/bin/rabbitmq-server', 'rabbitmq-server')
  await mkdir(folder, { recursive: true })
  const [port, distributionPort, mapperPort] = [await freePort(), await freePort(), await freePort()]
  const mapper = new ServerProcess(
    findProgram('epmd'),
    ['-address', '127.0.0.1', '-port', String(mapperPort)],
    {},
  )
  stops.push(() => mapper.stop())
  await mapper.listening(mapperPort)
  const server = new ServerProcess(program, [], {
    env: {
      ...process.env,
      HOME: folder,
      ERL_EPMD_PORT: String(mapperPort),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_NODENAME: `stacktach-test-${port}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_DIST_PORT: String(distributionPort),
      RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_PID_FILE: join(folder, 'pid'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    },
  })
  // Before the port mapper stops: the node takes its leave of it.
  stops.unshift(() => server.stop())
  await server.listening(port)
  return `amqp://guest:guest@127.0.0.1:${port}`
}
