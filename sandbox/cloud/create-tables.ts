import { createConnection } from 'mysql2/promise'
import { type CloudAddresses, configFile, configFolder, urlOf } from './addresses.ts'
import { bootstrapKeystone } from './bootstrap-keystone.ts'
import { databaseOf } from './configuration/common.ts'
import { runPython } from './python-program.ts'

const DATABASES = ['keystone', 'placement', 'glance', 'nova_api', 'nova_cell0', 'nova_cell1']

/**
 * Creates the databases and tables of all services, and Keystone's keys and first account. Takes a minute or
 * two.
 */
export async function createTables(at: CloudAddresses): Promise<void> {
  const connection = await createConnection(at.databaseUrl)
  for (const name of DATABASES) await connection.query(`create database ${name} character set utf8mb3`)
  await connection.end()
  // Two branches of about the same length, for two cores.
  await Promise.all([
    nova(at),
    bootstrapKeystone(configFolder(at, 'keystone'), urlOf(at.ports.identity, '/v3')).then(() =>
      placementAndGlance(at),
    ),
  ])
}

async function placementAndGlance(at: CloudAddresses): Promise<void> {
  await runPython({
    name: 'placement-manage',
    module: 'placement.cmd.manage',
    args: ['--config-dir', configFolder(at, 'placement'), 'db', 'sync'],
    env: { OS_PLACEMENT_CONFIG_DIR: configFolder(at, 'placement') },
  })
  await runPython({
    name: 'glance-manage',
    module: 'glance.cmd.manage',
    args: ['--config-file', configFile(at, 'glance/glance-api.conf'), 'db_sync'],
  })
}

async function nova(at: CloudAddresses): Promise<void> {
  const manage = (...args: string[]) =>
    runPython({
      name: 'nova-manage',
      module: 'nova.cmd.manage',
      args: ['--config-file', configFile(at, 'nova/controller.conf'), ...args],
    })
  await manage('api_db', 'sync')
  await manage('cell_v2', 'map_cell0', '--database_connection', databaseOf(at, 'nova_cell0'))
  await manage('cell_v2', 'create_cell', '--name', 'cell1')
  await manage('db', 'sync')
}
