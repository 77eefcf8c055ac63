import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { ContentError } from '../../../src/objects/content-error.ts'
import { digestOf } from '../../../src/objects/digest.ts'
import type { Digest, ObjectTarget } from '../../../src/objects/target.ts'

/** Yields bytes in pieces, as a file is read: the buffer of a piece is used again for the next. */
export async function* pieces(bytes: Buffer, size = 65_536): AsyncGenerator<Buffer> {
  const buffer = Buffer.alloc(size)
  for (let at = 0; at < bytes.length; at += size)
    yield buffer.subarray(0, bytes.copy(buffer, 0, at, at + size))
}

async function* failing(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes.subarray(0, 3)
  throw new Error('the disk is gone')
}

/** Reads an object whole. */
async function readWhole(target: ObjectTarget, key: string): Promise<Buffer> {
  const read: Buffer[] = []
  for await (const piece of target.read(key)) read.push(Buffer.from(piece))
  return Buffer.concat(read)
}

function digest(bytes: Buffer): Promise<Digest> {
  return digestOf(pieces(bytes))
}

/** What every target has to do. `open` opens an empty one for a test. */
export function testTarget(open: () => Promise<ObjectTarget>): void {
  const ONE = Buffer.from('alpha\n')
  const TWO = Buffer.from('omega\n')

  test.each([
    ['empty', Buffer.alloc(0)],
    ['small', ONE],
    ['3 MB', randomBytes(3_000_000)],
  ])('an object is stored whole: %s', async (_, bytes) => {
    const target = await open()
    expect(await target.head('/a/b')).toBeUndefined()
    expect(await target.verify('/a/b', await digest(bytes))).toEqual({ kind: 'missing' })
    expect(await target.create('/a/b', pieces(bytes), await digest(bytes))).toBe('created')
    expect(await target.head('/a/b')).toEqual(expect.any(String))
    expect(await target.verify('/a/b', await digest(bytes))).toMatchObject({ kind: 'same' })
    expect((await readWhole(target, '/a/b')).equals(bytes)).toBe(true)
  })

  test('an object is never overwritten', async () => {
    const target = await open()
    await target.create('k', pieces(ONE), await digest(ONE))
    const revision = await target.head('k')
    expect(await target.create('k', pieces(TWO), await digest(TWO))).toBe('exists')
    expect(await target.head('k')).toBe(revision)
    expect(await target.verify('k', await digest(TWO))).toMatchObject({ kind: 'differs', revision })
    expect(await readWhole(target, 'k')).toEqual(ONE)
  })

  test('of two that create one object at once, one does', async () => {
    const target = await open()
    const both = [ONE, TWO].map(async (bytes) => target.create('k', pieces(bytes), await digest(bytes)))
    expect((await Promise.all(both)).sort()).toEqual(['created', 'exists'])
  })

  test('content that is not the one announced is not stored', async () => {
    const target = await open()
    await expect(target.create('k', pieces(TWO), await digest(ONE))).rejects.toThrow(ContentError)
    await expect(target.create('k', failing(ONE), await digest(ONE))).rejects.toThrow('the disk is gone')
    expect(await target.head('k')).toBeUndefined()
  })

  test('an object that is put anew has another revision', async () => {
    const target = await open()
    await target.create('k', pieces(ONE), await digest(ONE))
    const before = await target.head('k')
    expect(await target.remove('k')).toBe(true)
    expect(await target.remove('k')).toBe(false)
    await expect(readWhole(target, 'k')).rejects.toThrow('k')
    await target.create('k', pieces(TWO), await digest(TWO))
    expect(await target.head('k')).not.toBe(before)
  })

  test.each([
    'a b\tc',
    'line\nfeed',
    'ümlaut/日本',
    'per%FFcent',
    '.hidden/x',
    'q"\'\\<>&?#',
    'x'.repeat(200),
  ])('a key may be %j', async (key) => {
    const target = await open()
    expect(await target.create(key, pieces(ONE), await digest(ONE))).toBe('created')
    expect(await readWhole(target, key)).toEqual(ONE)
  })

  test.each(['', '/', '../x', 'a/../../x', 'a\0b'])('the key %j is refused', async (key) => {
    const target = await open()
    await expect(target.create(key, pieces(ONE), await digest(ONE))).rejects.toThrow(JSON.stringify(key))
  })
}
