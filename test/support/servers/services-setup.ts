import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startMariadb } from '../../../sandbox/servers/mariadb.ts'
import { startRabbitmq } from '../../../sandbox/servers/rabbitmq.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of an account that may create databases, without a database name */
    databaseUrl: string
    amqpUrl: string
  }
}

/**
 * Starts private servers for the tests, or uses those that the environment names. Returns a function that
 * stops them.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'stacktach-test-'))
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    await Promise.all(stops.map((stopOne) => stopOne()))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const [databaseUrl, amqpUrl] = await Promise.all([
      process.env.STACKTACH_TEST_DATABASE_URL ?? startMariadb(join(folder, 'mariadb'), stops),
      process.env.STACKTACH_TEST_AMQP_URL ?? startRabbitmq(join(folder, 'rabbitmq'), stops),
    ])
    project.provide('databaseUrl', databaseUrl)
    project.provide('amqpUrl', amqpUrl)
    return stop
  } catch (error) {
    await stop()
    throw error
  }
}
