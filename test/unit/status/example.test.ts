import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { runKiln } from '../../../docs/examples/status/kiln.ts'
import { drawTree } from '../../../src/cli/status/draw-tree.ts'
import { createStatus } from '../../../src/status/create-status.ts'
import { served, settled } from '../../support/status-tree.ts'

test('the example of docs/examples reports to its parent, serves itself, and ends in order', async () => {
  const root = createStatus()
  const kiln = await runKiln({ url: await served(root.handler), name: 'kiln_2' })
  await settled(() => root.get('kiln_2/kiln.state')?.value === 'cold')
  kiln.heat(840)
  await settled(() => root.get('kiln_2/kiln.celsius')?.value === '840')
  const page = readFileSync(resolve(import.meta.dirname, '../../../docs/examples/status/README.md'), 'utf8')
  const shown = page.match(/^ {4}kiln_2\/[\s\S]*?\n\n/m)?.[0] ?? ''
  const drawn = drawTree(root.list().map((one) => ({ ...one, age: 3, since: 3 })))
  expect(drawn.replace(/^/gm, '    ').trimEnd()).toBe(shown.trimEnd())
  expect(await (await fetch(kiln.url)).text()).toBe('kiln.celsius: 840\nkiln.state: heating\n')
  await kiln.stop()
  expect(root.get('kiln_2/kiln.state')?.value).toBe('off')
})
