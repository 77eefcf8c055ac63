import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { digestOf } from '../../src/objects/digest.ts'
import { createSwiftTarget } from '../../src/objects/swift/swift-target.ts'
import type { ObjectTarget } from '../../src/objects/target.ts'
import { KEYSTONE_PASSWORD, SwiftServer } from '../support/ship/swift-server.ts'
import { pieces } from '../support/ship/target-contract.ts'

// A real Keystone and a real Swift, from Debian's packages.

const folder = mkdtempSync(join(tmpdir(), 'stacktach-long-'))
let swift: SwiftServer
let auth: string
let credential: { readonly id: string; readonly secret: string }

beforeAll(async () => {
  swift = await SwiftServer.start(folder, { hasKeystone: true })
  auth = swift.keystoneUrl as string
  const { token, user } = await login()
  const ask = (path: string, body: object) => post(`${auth}${path}`, token, body)
  const { service } = await ask('/services', { service: { type: 'object-store', name: 'swift' } })
  for (const side of ['public', 'internal'])
    await ask('/endpoints', {
      endpoint: {
        ...{ service_id: service.id, interface: side, region: 'here' },
        url: `${swift.url}/v1/AUTH_%(project_id)s`,
      },
    })
  const made = await ask(`/users/${user}/application_credentials`, {
    application_credential: { name: 'ship' },
  })
  credential = made.application_credential
  const { token: fresh, storage } = await login()
  const container = await fetch(`${storage}/logs`, { method: 'PUT', headers: { 'x-auth-token': fresh } })
  expect(container.status).toBe(201)
}, 900_000)

afterAll(async () => {
  await swift?.stop()
  rmSync(folder, { recursive: true, force: true })
})

// biome-ignore lint/suspicious/noExplicitAny: answers of several shapes
async function post(url: string, token: string, body: object): Promise<any> {
  const headers = { 'content-type': 'application/json', 'x-auth-token': token }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

/** Logs in as admin. */
async function login(): Promise<{ token: string; user: string; storage: string }> {
  const domain = { id: 'default' }
  const identity = {
    methods: ['password'],
    password: { user: { name: 'admin', domain, password: KEYSTONE_PASSWORD } },
  }
  const answer = await fetch(`${auth}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity, scope: { project: { name: 'admin', domain } } } }),
  })
  // biome-ignore lint/suspicious/noExplicitAny: an answer of Keystone
  const { token } = (await answer.json()) as any
  return {
    token: answer.headers.get('x-subject-token') ?? '',
    user: token.user.id,
    storage: `${swift.url}/v1/AUTH_${token.project.id}`,
  }
}

function target(more: object, secret: string): ObjectTarget {
  const file = join(folder, `secret-${secret.length}`)
  writeFileSync(file, secret, { mode: 0o600 })
  return createSwiftTarget({ auth_url: auth, container: 'logs', secret_file: file, ...more })
}

const USER = { user: 'admin', project: 'admin' }

test.each(['a password', 'an application credential'])(
  '%s gives a token, by which objects are kept',
  async (kind) => {
    const own =
      kind === 'a password'
        ? target(USER, KEYSTONE_PASSWORD)
        : target(
            { application_credential: credential.id, region: 'here', interface: 'internal' },
            credential.secret,
          )
    const bytes = Buffer.from(kind)
    const digest = await digestOf(pieces(bytes))
    expect(await own.create(`/${kind}`, pieces(bytes), digest)).toBe('created')
    expect(await own.verify(`/${kind}`, digest)).toMatchObject({ kind: 'same' })
    expect(await own.create(`/${kind}`, pieces(bytes), digest)).toBe('exists')
  },
)

test('a wrong password, a project and a region that are not there are told', async () => {
  await expect(target(USER, 'wrong').head('k')).rejects.toThrow('answered 401')
  await expect(target({ ...USER, project: 'nosuch' }, KEYSTONE_PASSWORD).head('k')).rejects.toThrow(
    'answered 401',
  )
  await expect(target({ ...USER, region: 'nowhere' }, KEYSTONE_PASSWORD).head('k')).rejects.toThrow(
    'in the region nowhere',
  )
})
