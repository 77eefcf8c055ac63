import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ContentError } from '../../../src/objects/content-error.ts'
import { digestOf } from '../../../src/objects/digest.ts'
import { openS3Signer } from '../../../src/objects/s3/s3-signer.ts'
import { createSignedTarget } from '../../../src/objects/signed/signed-target.ts'
import { folderWith } from '../../support/folders.ts'
import { SimpleStore } from '../../support/ship/simple-store.ts'
import { pieces } from '../../support/ship/target-contract.ts'

// Above what is held in memory.
const LARGE = Buffer.alloc(9 * 1024 * 1024, 'a')

async function* failing(): AsyncGenerator<Buffer> {
  yield LARGE.subarray(0, 1_000_000)
  throw new RangeError('the disk is gone')
}

test('an error of a large content is told as it is, and nothing is stored', async () => {
  const store = await SimpleStore.start('heeded')
  const target = createSignedTarget('signed', store.sign)
  const digest = await digestOf(pieces(LARGE))
  await expect(target.create('a', failing(), digest)).rejects.toThrow(new RangeError('the disk is gone'))
  const changed = Buffer.concat([LARGE.subarray(1), Buffer.from('b')])
  await expect(target.create('a', pieces(changed), digest)).rejects.toThrow(ContentError)
  expect(await target.head('a')).toBeUndefined()
  expect(await target.create('a', pieces(LARGE), digest)).toBe('created')
  expect(await target.create('a', pieces(LARGE), digest)).toBe('exists')
  expect(await target.verify('a', digest)).toMatchObject({ kind: 'same' })
})

test.each(['refused', 'ignored'] as const)(
  'a bucket by which conditions are %s is asked before a request is signed for it',
  async (conditions) => {
    const store = await SimpleStore.start(conditions)
    const secret_file = join(folderWith({ secret: 's3cret' }), 'secret')
    const settings = { bucket: 'bucket', endpoint: store.url, access_key: 'AK', secret_file }
    const signer = await openS3Signer({ ...settings, conditions: conditions === 'refused' })
    const target = createSignedTarget('signed', (request) => signer.sign(request))
    for (const [text, outcome] of [
      ['one', 'created'],
      ['two', 'exists'],
    ] as const) {
      const content = Buffer.from(text)
      expect(await target.create('a', pieces(content), await digestOf(pieces(content)))).toBe(outcome)
    }
    expect(String(store.objects.get('/bucket/a'))).toBe('one')
  },
)
