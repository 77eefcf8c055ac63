import { dirname, join } from 'node:path'
import { connect } from 'amqplib'
import { inject } from 'vitest'
import { Deployment } from '../../../sandbox/servers/deployment.ts'
import { copyConfig } from '../copy-config.ts'
import { createTestDatabase } from '../databases.ts'

export type DeployOptions = {
  readonly amqpUrl?: string
  readonly databaseUrl?: string
  readonly storeUrl?: string
  readonly consumers?: number
  readonly workers?: number
  /** see DeploymentOptions */
  readonly consumerWrapper?: readonly string[]
  readonly clock?: 'time-server' | 'auto'
  readonly consumerHeapMb?: number
  readonly archiveFolder?: string
  /** replacements in the copied configuration */
  readonly changes?: readonly (readonly [RegExp, string])[]
  /** called with the folder of the copied configuration before anything starts */
  readonly onConfigured?: (folder: string) => void
}

/**
 * Starts two consumers and two workers with the shipped configuration, short leases, and a queue and a
 * database of their own on the test's servers, unless the options say otherwise.
 */
export async function deployShipped(
  folder: string,
  queue: string,
  options: DeployOptions = {},
): Promise<Deployment> {
  const config = copyConfig(folder, [
    [/monitor\.info/g, queue],
    [/lease_s: 60/g, 'lease_s: 1'],
    ...(options.changes ?? []),
  ])
  options.onConfigured?.(dirname(config))
  return Deployment.start({
    amqpUrl: inject('amqpUrl'),
    databaseUrl: options.databaseUrl ?? (await createTestDatabase()),
    archiveFolder: join(folder, 'archive'),
    consumers: 2,
    workers: 2,
    ...options,
    config,
  })
}

export async function deleteQueue(queue: string): Promise<void> {
  const model = await connect(inject('amqpUrl'))
  const channel = await model.createChannel()
  await channel.deleteQueue(queue)
  await model.close()
}
