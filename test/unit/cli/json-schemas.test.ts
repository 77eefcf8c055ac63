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

function firstLine(file: string): string | undefined {
  return readFileSync(file, 'utf8').split('\n')[0]
}
