import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { jsonSchemaOf, SCHEMA_NAMES } from '../../../src/cli/json-schemas.ts'

const CONFIG = resolve(import.meta.dirname, '../../../config')

// `npm run schemas` writes the files anew.
test.each(SCHEMA_NAMES)('config/schema/%s.schema.json is what the checks ask for', async (name) => {
  const text = `${JSON.stringify(jsonSchemaOf(name), null, 2)}\n`
  await expect(text).toMatchFileSnapshot(`${CONFIG}/schema/${name}.schema.json`)
})

test.each(SCHEMA_NAMES.filter((name) => name !== 'tests'))('the shipped %s.yaml names its schema', (name) => {
  expect(firstLine(`${CONFIG}/${name}.yaml`)).toBe(
    `# yaml-language-server: $schema=schema/${name}.schema.json`,
  )
})

test('so do the shipped tests', () => {
  for (const file of readdirSync(`${CONFIG}/tests`)) {
    expect(firstLine(`${CONFIG}/tests/${file}`)).toBe(
      '# yaml-language-server: $schema=../schema/tests.schema.json',
    )
  }
})

test('so do the packs of event definitions', () => {
  for (const file of readdirSync(`${CONFIG}/packs`)) {
    expect(firstLine(`${CONFIG}/packs/${file}`), file).toBe(
      '# yaml-language-server: $schema=../schema/event_definitions.schema.json',
    )
  }
})

test('the shipped event_definitions.yaml includes every pack', () => {
  const text = readFileSync(`${CONFIG}/event_definitions.yaml`, 'utf8')
  const included = [...text.matchAll(/^- include: packs\/(.+)$/gm)].map((match) => match[1])
  expect(included.sort()).toEqual(readdirSync(`${CONFIG}/packs`))
})

function firstLine(file: string): string | undefined {
  return readFileSync(file, 'utf8').split('\n')[0]
}
