import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createConnection } from 'mysql2/promise'
import { findProgram, freePort, ServerProcess } from './server-process.ts'

const run = promisify(execFile)
const PASSWORD = 'stacktach-test'

/** A MariaDB of our own: default settings, its own data folder and port. Answers its URL without a database. */
export async function startMariadb(folder: string, stops: (() => Promise<void>)[]): Promise<string> {
  const server = findProgram('mariadbd', 'mysqld')
  const install = findProgram('mariadb-install-db', 'mysql_install_db')
  const data = join(folder, 'data')
  const socket = join(folder, 'socket')
  const account = process.getuid?.() === 0 ? ['--user=root'] : []
  await mkdir(folder, { recursive: true })
  await run(install, [
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    ...account,
  ])
  const port = await freePort()
  const process_ = new ServerProcess(
    server,
    [
      '--no-defaults',
      `--datadir=${data}`,
      `--socket=${socket}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--pid-file=${join(folder, 'pid')}`,
      '--max-connections=400',
      ...account,
    ],
    {},
  )
  stops.push(() => process_.stop())
  await process_.listening(port)
  const connection = await createConnection({ socketPath: socket, user: 'root' })
  await connection.query(`create user 'stacktach'@'%' identified by '${PASSWORD}'`)
  await connection.query("grant all on *.* to 'stacktach'@'%' with grant option")
  await connection.end()
  return `mysql://stacktach:${PASSWORD}@127.0.0.1:${port}`
}
