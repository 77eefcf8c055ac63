import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { jsonSchemaOf, SCHEMA_NAMES } from '../../../src/config/json-schemas.ts'

const CONFIG = resolve(import.meta.dirname, '../../../config')

// `npm run schemas` writes the files anew.
test.each(SCHEMA_NAMES)('config/schema/%s.schema.json is what the checks ask for', async (name) => {
  const text = `${JSON.stringify(jsonSchemaOf(name), null, 2)}\n`
  await expect(text).toMatchFileSnapshot(`${CONFIG}/schema/${name}.schema.json`)
})

test.each(SCHEMA_NAMES)('the shipped %s.yaml names its schema to editors', (name) => {
  const [first] = readFileSync(`${CONFIG}/${name}.yaml`, 'utf8').split('\n')
  expect(first).toBe(`# yaml-language-server: $schema=schema/${name}.schema.json`)
})
