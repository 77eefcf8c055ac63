import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkConfig } from '../../../../src/config/load/load-config.ts'
import { loadDefinitions } from '../../../../src/config/load/load-definitions.ts'
import { ConfigError } from '../../../../src/domain/errors.ts'
import { findingsOf, SOUND_FILES } from '../../../support/config-findings.ts'
import { folderWith } from '../../../support/folders.ts'

function definitionOf(type: string, trait = 'host'): string {
  return `- event_type: ${type}\n  traits: {${trait}: {fields: payload.${trait}}}\n`
}

async function typesOf(folder: string, paths: string | readonly string[]): Promise<unknown[]> {
  const list = typeof paths === 'string' ? [paths] : paths
  const definitions = await loadDefinitions(
    list.map((path) => join(folder, path)),
    {},
  )
  expect(definitions.map(({ index }) => index)).toEqual(definitions.map((_, index) => index))
  return definitions.map(({ patterns }) => patterns)
}

test('definitions come from files and folders in their order', async () => {
  const folder = folderWith({
    'one.yaml': definitionOf('one'),
    'packs/b.yaml': definitionOf('b'),
    'packs/a.yaml': definitionOf('a1') + definitionOf('a2'),
    'packs/notes.txt': 'no YAML: [',
    'packs/deeper/c.yaml': definitionOf('c'),
  })
  expect(await typesOf(folder, 'one.yaml')).toEqual(['one'])
  expect(await typesOf(folder, ['packs', 'one.yaml'])).toEqual(['a1', 'a2', 'b', 'one'])
})

test('an include stands for the definitions of its file or folder, relative to the file that has it', async () => {
  const folder = folderWith({
    'all.yaml': `${definitionOf('first')}- include: packs/nova.yaml\n- include: packs/more\n${definitionOf('last')}`,
    'packs/nova.yaml': `- include: more/z.yaml\n${definitionOf('nova')}`,
    'packs/more/z.yaml': definitionOf('z'),
    'packs/more/y.yaml': definitionOf('y'),
  })
  expect(await typesOf(folder, 'all.yaml')).toEqual(['first', 'z', 'nova', 'y', 'z', 'last'])
})

test.each([
  ['a file that includes itself', 'a.yaml', '- include: a.yaml\n', 'a.yaml:1:12', /leads back to/],
  [
    'a circle of two',
    'a.yaml',
    '- include: b.yaml\n',
    'b.yaml:1:12',
    /b\.yaml|a\.yaml leads back to .*a\.yaml/,
  ],
  ['a folder with the file itself', 'a.yaml', '- include: .\n', 'a.yaml:1:12', /leads back to .*a\.yaml/],
  [
    'a file that is not there',
    'a.yaml',
    '- include: nosuch.yaml\n',
    'a.yaml:1:12',
    /cannot read .*nosuch\.yaml/,
  ],
  ['a folder without definitions', 'a.yaml', '- include: empty\n', 'a.yaml:1:12', /empty has no \*\.yaml/],
  [
    'what is no path',
    'a.yaml',
    '- include: [b.yaml]\n',
    'a.yaml:1:12',
    /include: expected a text, found a list/,
  ],
  [
    'an include with other keys',
    'a.yaml',
    '- {include: c.yaml, traits: {}}\n',
    'a.yaml:1:21',
    /unknown key "traits"/,
  ],
])('%s is told with its place', async (_, name, text, at, message) => {
  const folder = folderWith({
    'b.yaml': '- include: a.yaml\n',
    'c.yaml': definitionOf('c'),
    'empty/readme.txt': '',
    [name]: text,
  })
  const finding = await findingOf(join(folder, 'a.yaml'))
  expect(finding).toMatchObject({ at, message: expect.stringMatching(message) })
})

async function findingOf(path: string) {
  const error = await loadDefinitions(path, {}).then(
    () => undefined,
    (failure: unknown) => failure,
  )
  if (!(error instanceof ConfigError)) {
    // an unknown key is told and keeps nothing from running
    const files = { 'winchester.yaml': `database: {url: "sqlite::memory:"}\ndistiller_config: ${path}\n` }
    const { findings } = await checkConfig(join(folderWith(files), 'winchester.yaml'), {})
    return findings.map(shown)[0]
  }
  expect(error.findings).toHaveLength(1)
  return error.findings.map(shown)[0]
}

function shown({ position: { file, line, column }, message }: ConfigError['findings'][number]) {
  return { at: `${file.split('/').at(-1)}:${line}:${column}`, message }
}

test('findings of every file keep its own places', async () => {
  const findings = await findingsOf({
    'winchester.yaml': SOUND_FILES['winchester.yaml'].replace('events.yaml', '[events.yaml, packs]'),
    'events.yaml': `${definitionOf('x.*')}- include: other.yaml\n- event_typ: y\n`,
    'other.yaml': '- event_type: o\n  traits: {host: {fields: "b.["}}\n',
    'packs/p.yaml': '\n- event_type: p\n  traits: {host: {fields: payload.host, type: number}}\n',
    'packs/q.yaml': '- event_type: [\n',
  })
  expect(findings.map(({ at, code }) => `${at} ${code}`).sort()).toEqual([
    'events.yaml:4:3 shape',
    'events.yaml:4:3 shape',
    'other.yaml:2:28 field-path',
    'p.yaml:3:47 shape',
    'q.yaml:2:1 yaml',
  ])
})

test('each is looked for where config_path says, and one that is nowhere is told', async () => {
  const folder = folderWith({
    ...SOUND_FILES,
    'winchester.yaml': `${SOUND_FILES['winchester.yaml'].replace('events.yaml', '[packs, events.yaml, nosuch.yaml]')}config_path: [etc]\n`,
    'etc/packs/a.yaml': definitionOf('a'),
    'packs/b.yaml': definitionOf('b'),
  })
  const { findings, config } = await checkConfig(join(folder, 'winchester.yaml'), {})
  expect(findings.map(shown)).toEqual([
    {
      at: 'winchester.yaml:4:40',
      message: expect.stringMatching(/^distiller_config: nosuch\.yaml is not in .*etc or /),
    },
  ])
  expect(config).toBeUndefined()
})

test('an empty name is none, and not the folder itself', async () => {
  const findings = await findingsOf({
    'winchester.yaml': SOUND_FILES['winchester.yaml'].replace('events.yaml', "''"),
  })
  expect(findings).toMatchObject([{ code: 'missing-file', at: 'winchester.yaml:4:20' }])
})

test('traits of all files are known to triggers', async () => {
  const files = {
    'winchester.yaml': SOUND_FILES['winchester.yaml'].replace('events.yaml', 'packs'),
    'packs/a.yaml': '- include: ../more.yaml\n',
    'more.yaml': definitionOf('x.*'),
  }
  expect(await findingsOf(files)).toEqual([])
  const other = await findingsOf({ ...files, 'more.yaml': definitionOf('x.*', 'node') })
  expect(other).toMatchObject([{ at: 'triggers.yaml:3:22', code: 'unknown-trait' }])
})

test('a definition is found again by its index, a trigger by its name', async () => {
  const folder = folderWith({
    ...SOUND_FILES,
    'winchester.yaml': SOUND_FILES['winchester.yaml'].replace('events.yaml', '[events.yaml, packs]'),
    'packs/a.yaml': `${definitionOf('a')}\n${definitionOf('b')}`,
  })
  const { config } = await checkConfig(join(folder, 'winchester.yaml'), {})
  const at = (path: (string | number)[]) => {
    const position = config?.places.definition(path)
    return `${position?.file.split('/').at(-1)}:${position?.line}:${position?.column}`
  }
  expect(at([0])).toBe('events.yaml:1:3')
  expect(at([2])).toBe('a.yaml:4:3')
  expect(at([2, 'traits', 'host'])).toBe('a.yaml:5:12')
  expect(config?.places.trigger('one')).toMatchObject({ line: 2, column: 3 })
})
