import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readTokens } from '../../../src/cli/status/read-tokens.ts'
import { temporaryFolder } from '../../support/folders.ts'

function tokenFile(text: string, mode = 0o600): string {
  const file = join(temporaryFolder(), 'tokens.txt')
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}

test('tokens of a relay: lines that read, that write, and those of children', async () => {
  const file = tokenFile('# page\nread r3#ad\n\nwrite  wr1te # all\nchild west w3st\nchild ea/st 3ast\n')
  expect(await readTokens(file)).toEqual({
    read: ['r3#ad'],
    write: ['wr1te'],
    children: { west: 'w3st', 'ea/st': '3ast' },
  })
})

test.each(['red s3cret', 'read', 'read s3cret more', 'child west', 'child west s3cret more'])(
  '%j is refused by its place, without what it holds',
  async (line) => {
    const file = tokenFile(`read fine\n${line}\n`)
    const failure = await readTokens(file).catch((error: Error) => error.message)
    expect(failure).toBe(`${file}:2: expected read TOKEN, write TOKEN or child NAME TOKEN`)
  },
)

test('a file that others can read is refused', async () => {
  await expect(readTokens(tokenFile('read r3ad\n', 0o644))).rejects.toThrow('can be read by others')
})
