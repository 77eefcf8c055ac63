import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Mariadb } from '../../sandbox/servers/mariadb.ts'
import { openDatabase } from '../../src/assembly/open-store.ts'
import { Authority } from '../support/certificates.ts'

// The server's certificate is for 127.0.0.1 alone; it is known as localhost too.
let folder: string
let server: Mariadb
let own: Authority

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stacktach-tls-'))
  own = new Authority(folder, 'own')
  new Authority(folder, 'other')
  own.sign('client', 'DNS:client')
  const { cert, key } = own.sign('server', 'IP:127.0.0.1')
  const tls = [`--ssl-ca=${own.ca}`, `--ssl-cert=${cert}`, `--ssl-key=${key}`]
  server = await Mariadb.start(join(folder, 'mariadb'), tls)
  const connection = await createConnection(server.url)
  await connection.query('create database w')
  for (const [user, need] of [
    ['plain', 'none'],
    ['tls', 'ssl'],
    ['known', "subject '/CN=client'"],
  ] as const) {
    await connection.query(`create user ${user}@'%' identified by 'pa%ss' require ${need}`)
    await connection.query(`grant all on w.* to ${user}@'%'`)
  }
  await connection.end()
})

afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

function urlOf(user: string, options: string, host = '127.0.0.1'): string {
  return `mysql+pymysql://${user}:pa%ss@${host}:${new URL(server.url).port}/w${options}`
}

/** How a connection is encrypted; empty: not. */
async function cipherOf(url: string): Promise<string> {
  const { db } = await openDatabase(url, folder)
  try {
    const { rows } = await sql<{ Value: string }>`show status like 'Ssl_cipher'`.execute(db)
    return rows[0]?.Value ?? ''
  } finally {
    await db.destroy()
  }
}

test.each([
  ['tls', '?ssl_ca=own.ca.pem', '127.0.0.1'],
  ['tls', '?ssl_mode=VERIFY_IDENTITY&ssl_ca=own.ca.pem', '127.0.0.1'],
  ['tls', '?ssl_ca=own.ca.pem&ssl_check_hostname=false', 'localhost'],
  ['tls', '?ssl-mode=verify_ca&ssl-ca=own.ca.pem', 'localhost'],
  ['tls', '?ssl_ca=own.ca.pem&ssl_verify_cert=true', 'localhost'],
  ['tls', '?ssl_mode=required', 'localhost'],
  ['tls', '?ssl_ca=other.ca.pem&ssl_verify_cert=false', 'localhost'],
  ['known', '?ssl_ca=own.ca.pem&ssl_cert=client.pem&ssl_key=client.key', '127.0.0.1'],
])('%s%s at %s is encrypted', async (user, options, host) => {
  expect(await cipherOf(urlOf(user, options, host))).toMatch(/^TLS_|AES|CHACHA/)
})

test('without a word of TLS it is not', async () => {
  expect(await cipherOf(urlOf('plain', ''))).toBe('')
  expect(await cipherOf(urlOf('plain', '?ssl_mode=disabled'))).toBe('')
})

test.each([
  ['tls', '', '127.0.0.1', /Access denied/],
  ['known', '?ssl_ca=own.ca.pem', '127.0.0.1', /Access denied/],
  ['tls', '?ssl_ca=other.ca.pem', '127.0.0.1', /certificate/],
  ['tls', '?ssl_mode=required&ssl_ca=other.ca.pem', '127.0.0.1', /certificate/],
  ['tls', '?ssl=true', '127.0.0.1', /certificate/],
  ['tls', '?ssl_ca=own.ca.pem', 'localhost', /does not match/],
  ['tls', '?ssl_ca=missing.pem', '127.0.0.1', /cannot read missing\.pem/],
  ['tls', '?ssl_ca=note.txt', '127.0.0.1', /note\.txt cannot be used for TLS/],
])('%s%s at %s is refused', async (user, options, host, reason) => {
  writeFileSync(join(folder, 'note.txt'), 'no certificate')
  await expect(cipherOf(urlOf(user, options, host))).rejects.toThrow(reason)
})

test('a certificate for localhost is none for a number', async () => {
  const { cert, key } = own.sign('local', 'DNS:localhost')
  await server.restart('SIGTERM', [`--ssl-ca=${own.ca}`, `--ssl-cert=${cert}`, `--ssl-key=${key}`])
  await expect(cipherOf(urlOf('tls', '?ssl_ca=own.ca.pem'))).rejects.toThrow(/does not match/)
  expect(await cipherOf(urlOf('tls', '?ssl_ca=own.ca.pem', 'localhost'))).not.toBe('')
})

test('a socket of this machine is used, and nothing is said to the port', async () => {
  const url = `mysql://plain:pa%ss@/w?unix_socket=${join(folder, 'mariadb', 'socket')}`
  const { db } = await openDatabase(url, folder)
  const { rows } = await sql<{ user: string }>`select user() as user`.execute(db)
  await db.destroy()
  expect(rows).toEqual([{ user: 'plain@localhost' }])
})
