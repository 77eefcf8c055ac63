/**
 * Returns a yagi.conf for a test's RabbitMQ and one queue, with more keys of that queue. More sections may be
 * appended.
 */
export function yagiOf(amqpUrl: string, queue: string, keys: readonly string[]): string {
  const { hostname, port } = new URL(amqpUrl)
  return [
    `[rabbit_broker]\nhost = ${hostname}\nport = ${port}\nuser = guest\npassword = guest`,
    `[consumers]\nqueues = ${queue}`,
    `[consumer:${queue}]\napps = winchester.yagi_handler.WinchesterHandler`,
    ...keys,
    '[winchester]\nconfig_file = winchester.yaml\n',
  ].join('\n')
}
