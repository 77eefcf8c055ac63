import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { apiDocument, apiOperations } from '../../../src/api/api-operations.ts'
import type { ActionRunner } from '../../../src/repair/action-runner.ts'
import type { Store } from '../../../src/store/store.ts'

const store = {} as Store
const document = apiDocument(apiOperations({ store, runner: {} as ActionRunner }))

test('the document is one of OpenAPI 3.1', async () => {
  const validator = new Validator()
  const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(document)))
  expect(errors).toBeUndefined()
  expect(valid).toBe(true)
  expect(validator.version).toBe('3.1')
})

test('everything that it refers to is there', () => {
  const { schemas } = document.components as { schemas: object }
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target)
  const known = Object.keys(schemas).map((name) => `#/components/schemas/${name}`)
  expect(references.filter((target) => !known.includes(target as string))).toEqual([])
  expect(references.length).toBeGreaterThan(10)
})

test('it tells the parameters as requests are checked by', () => {
  const { parameters } = document.paths['/v1/events']?.get ?? { parameters: [] }
  expect(parameters.map(({ name, schema }) => [name, schema.type])).toEqual([
    ['from_datetime', 'string'],
    ['to_datetime', 'string'],
    ['event_name', 'string'],
    ['traits', 'string'],
    ['mark', 'string'],
    ['limit', 'integer'],
  ])
  expect(parameters.every(({ description }) => description !== '')).toBe(true)
})
