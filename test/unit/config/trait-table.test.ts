import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { traitTable } from '../../support/trait-table.ts'

const DOC = resolve(import.meta.dirname, '../../../docs/event-definitions.md')

test('docs/event-definitions.md tells what the packs give', async () => {
  const [table] = /^\| pack \|[\s\S]*?(?=\n\n)/m.exec(readFileSync(DOC, 'utf8')) ?? []
  expect(table).toBe(await traitTable())
})
