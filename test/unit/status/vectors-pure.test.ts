import { expect, test } from 'vitest'
import { jsonForm, jsonNumber, textForm } from '../../../src/status/tree/encode.ts'
import { DEFAULT_TTL_S } from '../../../src/status/tree/entry.ts'
import { byBytes, byOwnFirst, isKeyPart } from '../../../src/status/tree/keys.ts'
import { goJsonText } from '../../../src/text/go-json-text.ts'
import type { StatusVectors } from '../../support/status-vectors.ts'
import { loadVectors } from '../../support/vectors.ts'

const vectors = loadVectors<StatusVectors>('status.json')

test.each(vectors.numbers)('number $id', ({ number, text }) => {
  expect(jsonNumber(Number(number))).toBe(text)
})

test.each(vectors.strings)('string $id', ({ value, json }) => {
  expect(goJsonText(value)).toBe(json)
})

test.each(vectors.orders)('order $id', ({ keys, sorted }) => {
  expect(keys.toSorted(byOwnFirst)).toEqual(sorted)
  const statuses = keys.map((key) => ({ key, value: '', age: 0, ttl: 1 }))
  expect(textForm(statuses)).toBe(sorted.map((key) => `${key}: \n`).join(''))
  const bytes = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  expect(keys.toSorted(byBytes)).toEqual(bytes)
  const inJson = [...jsonForm(statuses).matchAll(/^ {4}(".*"): /gm)].map((match) =>
    JSON.parse(match[1] as string),
  )
  expect(inJson).toEqual(bytes)
})

test.each(vectors.contract)('contract $id', ({ key, ok }) => {
  expect(isKeyPart(key)).toBe(ok)
})

test('the facts that bind this side', () => {
  expect(vectors.facts.default_ttl_s).toBe(DEFAULT_TTL_S)
  expect(vectors.facts.child_separator).toBe('/')
})
