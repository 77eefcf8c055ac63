import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD, REGION } from '../../sandbox/cloud/configuration/common.ts'
import { digestOf } from '../../src/objects/digest.ts'
import { createSignedTarget } from '../../src/objects/signed/signed-target.ts'
import { openSwiftSigner } from '../../src/objects/swift/swift-signer.ts'
import { createSwiftTarget } from '../../src/objects/swift/swift-target.ts'
import type { ObjectTarget } from '../../src/objects/target.ts'
import { KeystoneServer, SHIPPER } from '../support/ship/keystone-server.ts'
import { SwiftServer } from '../support/ship/swift-server.ts'
import { pieces, testTarget } from '../support/ship/target-contract.ts'

// A real Keystone and a real Swift that asks it about every token.

const folder = mkdtempSync(join(tmpdir(), 'stacktach-long-'))
const CONTAINER = 'bucket-1'
const TEMP_URL_KEY = 'a key of the account'
let keystone: KeystoneServer
let swift: SwiftServer

beforeAll(async () => {
  const [ofKeystone, ofSwift] = ['keystone', 'swift'].map((name) => join(folder, name)) as [string, string]
  for (const part of [ofKeystone, ofSwift]) mkdirSync(part)
  keystone = await KeystoneServer.start(ofKeystone)
  swift = await SwiftServer.start(ofSwift, { port: keystone.port, password: PASSWORD })
  await keystone.addStore(swift.url)
  const { token, projectId } = await keystone.loginShipper()
  const session = { token, url: `${swift.url}/v1/AUTH_${projectId}` }
  await swift.makeContainer(CONTAINER, session)
  await swift.setTempUrlKey(TEMP_URL_KEY, session)
})

afterAll(async () => {
  await swift?.stop()
  await keystone?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Writes a secret to a file of its own. Returns its path. */
function secretFile(secret: string): string {
  const file = join(folder, `secret-${randomUUID()}`)
  writeFileSync(file, `${secret}\n`, { mode: 0o600 })
  return file
}

function settings(more: object = {}) {
  return {
    auth_url: keystone.url,
    user: SHIPPER.user,
    project: SHIPPER.project,
    secret_file: secretFile(PASSWORD),
    region: REGION,
    container: CONTAINER,
    prefix: randomUUID(),
    ...more,
  }
}

async function byCredential(): Promise<ObjectTarget> {
  const { id, secret } = await keystone.addApplicationCredential(randomUUID())
  return createSwiftTarget({
    auth_url: keystone.url,
    application_credential: id,
    secret_file: secretFile(secret),
    container: CONTAINER,
    prefix: randomUUID(),
  })
}

describe('with a password', () => testTarget(async () => createSwiftTarget(settings())))

describe('with an application credential', () => testTarget(byCredential))

describe('by temporary URLs', () => {
  testTarget(async () => {
    const common = settings({ temp_url_key_file: secretFile(TEMP_URL_KEY) })
    const signer = await openSwiftSigner(common)
    const signed = createSignedTarget('signed', (request) => signer.sign(request))
    const plain = createSwiftTarget(common)
    return {
      name: 'signed',
      head: (key) => signed.head(key),
      create: (key, content, digest) => signed.create(key, content, digest),
      verify: (key, digest) => signed.verify(key, digest),
      read: (key) => signed.read(key),
      close: () => signed.close(),
      remove: (key) => plain.remove(key),
    }
  })
})

test('a token that is refused is renewed, and an upload that met the refusal succeeds at the next try', async () => {
  const target = await byCredential()
  const bytes = Buffer.from('one')
  const digest = await digestOf(pieces(bytes))
  expect(await target.create('before', pieces(bytes), digest)).toBe('created')
  await keystone.revokeTokens()
  expect(await target.verify('before', digest)).toMatchObject({ kind: 'same' })
  await keystone.revokeTokens()
  await expect(target.create('after', pieces(bytes), digest)).rejects.toThrow('expired')
  expect(await target.create('after', pieces(bytes), digest)).toBe('created')
})

test('what Keystone refuses, or does not know, is told', async () => {
  const head = (more: object) => createSwiftTarget(settings(more)).head('k')
  const wrong = secretFile('wrong')
  await expect(head({ secret_file: wrong })).rejects.toThrow(
    `${keystone.url} gives out no token: it answered 401`,
  )
  await expect(head({ project: 'nosuch' })).rejects.toThrow('401')
  await expect(head({ user_domain: 'nosuch' })).rejects.toThrow('401')
  await expect(head({ region: 'r2' })).rejects.toThrow(
    'no public endpoint of type object-store in the region r2',
  )
  await expect(head({ interface: 'admin' })).rejects.toThrow('127.0.0.1:1')
})
