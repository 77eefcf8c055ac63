import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfigText } from '../../../../src/config/documents/read-config-text.ts'
import { checkConfig } from '../../../../src/config/load/load-config.ts'
import { SOUND_FILES } from '../../../support/config-findings.ts'
import { folderWith } from '../../../support/folders.ts'

async function read(bytes: Buffer) {
  const file = join(folderWith({}), 'f')
  writeFileSync(file, bytes)
  return readConfigText(file).catch(({ findings }) => {
    const [{ message, position }] = findings
    return `${position.line}:${position.column}: ${message}`
  })
}

test.each([
  ['Latin-1', Buffer.from('a: 1\npassword: gr\u00fcn\n', 'latin1'), '2:13: the byte 0xfc is not UTF-8'],
  ['a letter that is cut off', Buffer.from([0x61, 0xe2, 0x82]), '1:2: the byte 0xe2 is not UTF-8'],
  ['a byte behind other letters', Buffer.from([0xc3, 0xbc, 0xef, 0xbf, 0x41]), '1:2: the byte 0xef is not'],
  ['UTF-16 with its mark', Buffer.from('\ufeffa: 1\n', 'utf16le'), '1:1: the file is UTF-16; expected UTF-8'],
  ['UTF-16 without it', Buffer.from('a: 1\n', 'utf16le'), '1:1: the file is UTF-16; expected UTF-8'],
])('%s is a finding with its place', async (_, bytes, expected) => {
  expect(await read(bytes)).toContain(expected)
})

test.each(['', 'a', 'gr\u00fcn \ufffd \u{1f600}\n', '\ufeffa: 1\n'])(
  'UTF-8 is read as it is: %j',
  async (text) => {
    expect(await read(Buffer.from(text))).toBe(text)
  },
)

test.each(['winchester.yaml', 'events.yaml', 'triggers.yaml', 'pipelines.yaml'])(
  '%s in another charset is a finding',
  async (name) => {
    const folder = folderWith(SOUND_FILES)
    const bytes = Buffer.from(`# gr\u00fcn\n${(SOUND_FILES as { [name: string]: string })[name]}`, 'latin1')
    writeFileSync(join(folder, name), bytes)
    const { findings, config } = await checkConfig(join(folder, 'winchester.yaml'), {})
    expect(findings.filter(({ severity }) => severity === 'error')).toMatchObject([
      { code: 'encoding', position: { line: 1, column: 5 } },
    ])
    expect(findings[0]?.position.file).toContain(name)
    expect(config).toBeUndefined()
  },
)
