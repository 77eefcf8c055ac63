import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { digestOf } from '../../src/objects/digest.ts'
import { openS3Signer } from '../../src/objects/s3/s3-signer.ts'
import { openS3Target } from '../../src/objects/s3/s3-target.ts'
import { createSignedTarget } from '../../src/objects/signed/signed-target.ts'
import { openSwiftSigner } from '../../src/objects/swift/swift-signer.ts'
import { createSwiftTarget } from '../../src/objects/swift/swift-target.ts'
import type { ObjectTarget } from '../../src/objects/target.ts'
import { SwiftServer } from '../support/ship/swift-server.ts'
import { pieces, testTarget } from '../support/ship/target-contract.ts'

// A real Swift from Debian's packages, with TempAuth; its s3api is the S3.

const folder = mkdtempSync(join(tmpdir(), 'stacktach-long-'))
let swift: SwiftServer

beforeAll(async () => {
  swift = await SwiftServer.start(folder)
  await swift.makeContainer('bucket-1')
  writeFileSync(join(folder, 'secret'), 'testing\n', { mode: 0o600 })
  writeFileSync(join(folder, 'temp-url-key'), 'a key of the account', { mode: 0o600 })
  await swift.setTempUrlKey('a key of the account')
})

afterAll(async () => {
  await swift?.stop()
  rmSync(folder, { recursive: true, force: true })
})

function swiftTarget(more: object = {}): ObjectTarget {
  return createSwiftTarget({
    auth_url: `${swift.url}/auth/v1.0`,
    user: 'test:tester',
    secret_file: join(folder, 'secret'),
    container: 'bucket-1',
    prefix: randomUUID(),
    ...more,
  })
}

async function s3Target(more: object = {}): Promise<ObjectTarget> {
  const target = await openS3Target({
    endpoint: swift.url,
    access_key: 'test:tester',
    secret_file: join(folder, 'secret'),
    bucket: 'bucket-1',
    prefix: randomUUID(),
    ...more,
  })
  onTestFinished(() => target.close())
  return target
}

/** Content that has no two equal parts. */
function content(size: number): Buffer {
  const block = createHash('sha256').update(String(size)).digest()
  const bytes = Buffer.alloc(size)
  for (let at = 0; at < size; at += 36) {
    bytes.writeUInt32LE(at, Math.min(at, size - 4))
    block.copy(bytes, at + 4)
  }
  return bytes
}

describe('swift', () => {
  testTarget(async () => swiftTarget())

  test('a large object is stored in segments, whole, once', async () => {
    const target = swiftTarget({ segment_mb: 1 })
    const bytes = content(3_300_000)
    const digest = await digestOf(pieces(bytes))
    expect(await target.create('/large', pieces(bytes), digest)).toBe('created')
    expect(await target.verify('/large', digest)).toMatchObject({ kind: 'same' })
    expect(await target.create('/large', pieces(bytes), digest)).toBe('exists')
    const other = await digestOf(pieces(content(3_300_001)))
    expect(await target.verify('/large', other)).toMatchObject({ kind: 'differs' })
    expect(await target.remove('/large')).toBe(true)
    expect(await target.verify('/large', digest)).toEqual({ kind: 'missing' })
  })

  test('a wrong password, a missing container and an address of nobody are told', async () => {
    const wrong = join(folder, 'wrong')
    writeFileSync(wrong, 'wrong', { mode: 0o600 })
    await expect(swiftTarget({ secret_file: wrong }).head('k')).rejects.toThrow('answered 401')
    const digest = await digestOf(pieces(Buffer.from('x')))
    const lost = swiftTarget({ container: 'nosuch' })
    await expect(lost.create('k', pieces(Buffer.from('x')), digest)).rejects.toThrow('container nosuch')
    await expect(swiftTarget({ auth_url: 'http://127.0.0.1:1/auth/v1.0' }).head('k')).rejects.toThrow(
      '127.0.0.1:1',
    )
  })
})

describe('s3', () => {
  testTarget(() => s3Target())

  test('a large object is uploaded in parts, whole, once', async () => {
    const target = await s3Target()
    const bytes = content(20_000_000)
    const digest = await digestOf(pieces(bytes))
    expect(await target.create('/large', pieces(bytes), digest)).toBe('created')
    expect(await target.verify('/large', digest)).toMatchObject({ kind: 'same' })
    expect(await target.create('/large', pieces(bytes), digest)).toBe('exists')
    const other = await digestOf(pieces(content(20_000_001)))
    expect(await target.verify('/large', other)).toMatchObject({ kind: 'differs' })
  })

  test('a wrong secret and a missing bucket are told', async () => {
    const wrong = join(folder, 'wrong')
    writeFileSync(wrong, 'wrong', { mode: 0o600 })
    const digest = await digestOf(pieces(Buffer.from('x')))
    const refused = await s3Target({ secret_file: wrong })
    await expect(refused.create('k', pieces(Buffer.from('x')), digest)).rejects.toThrow('403')
    const lost = await s3Target({ bucket: 'nosuch' })
    await expect(lost.create('k', pieces(Buffer.from('x')), digest)).rejects.toThrow('NoSuchBucket')
  })
})

describe.each(['swift', 's3'] as const)('presigned requests of %s', (kind) => {
  async function both(): Promise<{ readonly plain: ObjectTarget; readonly signed: ObjectTarget }> {
    const prefix = randomUUID()
    const common = { secret_file: join(folder, 'secret'), prefix }
    const ofSwift = {
      ...{ auth_url: `${swift.url}/auth/v1.0`, user: 'test:tester', container: 'bucket-1' },
      temp_url_key_file: join(folder, 'temp-url-key'),
    }
    const ofS3 = { endpoint: swift.url, access_key: 'test:tester', bucket: 'bucket-1' }
    const signer =
      kind === 'swift'
        ? await openSwiftSigner({ ...common, ...ofSwift })
        : await openS3Signer({ ...common, ...ofS3 })
    const plain = kind === 'swift' ? swiftTarget({ prefix }) : await s3Target({ prefix })
    const signed = createSignedTarget('signed', (request) => signer.sign(request))
    return { plain, signed }
  }

  // Nothing is removed by signed requests: who has the keys does it here.
  testTarget(async () => {
    const { plain, signed } = await both()
    const { head, create, verify, read, close } = {
      head: signed.head.bind(signed),
      create: signed.create.bind(signed),
      verify: signed.verify.bind(signed),
      read: signed.read.bind(signed),
      close: signed.close.bind(signed),
    }
    return { name: 'signed', head, create, verify, read, close, remove: (key) => plain.remove(key) }
  })

  test('a large object streams, and its checksum in the metadata is that of the content', async () => {
    const { plain, signed } = await both()
    const bytes = content(20_000_000)
    const digest = await digestOf(pieces(bytes))
    // A store without conditions is known as one by then.
    await signed.create('/small', pieces(Buffer.from('x')), await digestOf(pieces(Buffer.from('x'))))
    expect(await signed.create('/large', pieces(bytes), digest)).toBe('created')
    expect(await signed.verify('/large', digest)).toMatchObject({ kind: 'same' })
    expect(await plain.verify('/large', digest)).toMatchObject({ kind: 'same' })
    expect(await signed.create('/large', pieces(bytes), digest)).toBe('exists')
    await expect(signed.remove('/large')).rejects.toThrow('nothing is removed')
  })
})
