import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import type { TraitPluginClass } from '../../src/distiller/trait-plugin.ts'
import { loadClass } from '../../src/runtime/load-class.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SHOP = resolve(ROOT, 'docs/examples/a-service-that-is-not-openstack')
const ORDERS = `${SHOP}/orders.jsonl`

test('the configuration of the shop is valid, without a warning', async () => {
  const { code, stdout } = await runProgram('stv3', ['check', '-c', `${SHOP}/yagi.conf`])
  expect([code, stdout]).toEqual([0, `${SHOP}/yagi.conf is valid\n`])
})

test('the tests of its configuration pass', async () => {
  const { code, stdout } = await runProgram('stv3', ['test', `${SHOP}/orders-test.yaml`])
  expect([code, stdout.split('\n').at(-2)]).toEqual([0, '2 passed, 0 failed'])
})

test('the plugin makes cents of prices', async () => {
  const explain = ['explain', '-c', `${SHOP}/yagi.conf`, '--json']
  const shop = await runProgram('stv3', [...explain, ORDERS])
  const totals = shop.stdout.split('\n').flatMap((line) => {
    const { traits } = line === '' ? { traits: {} } : JSON.parse(line)
    return traits.total_cents ? [traits.total_cents.value] : []
  })
  expect(totals).toEqual([5980, 700, 5980, 1250])

  const folder = resolve(ROOT, 'docs/examples/own-plugin')
  const Cents = (await loadClass('./cents.js:Cents', folder, { methods: ['traitValue'] })) as TraitPluginClass
  const prices = ['19.90 EUR', '7 EUR', '7.00 USD', 'free', undefined]
  const cents = prices.map((price) => new Cents({}).traitValue(price === undefined ? [] : [['p', price]]))
  expect(cents).toEqual([1990, 700, null, null, null])
  expect(new Cents({ currency: 'USD' }).traitValue([['p', '7.00 USD']])).toBe(700)
})

test('the handler adds the summary of an order', async () => {
  const events = resolve(ROOT, 'docs/examples/own-handler/events.jsonl')
  const args = ['pipeline', 'order_complete', '-c', `${SHOP}/winchester.yaml`, '--events', events]
  const { code, stdout } = await runProgram('stv3', [...args, '--dry-run', '--json'])
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect([code, lines.length]).toEqual([0, 4])
  expect(lines.at(-1)).toMatchObject({
    new: true,
    event: {
      event_type: 'order.completed',
      timestamp: '2026-03-15T15:00:00.000000',
      traits: {
        order_id: { type: 'text', value: 'A-17' },
        total_cents: { type: 'int', value: 5980 },
        hours: { type: 'float', value: 30 },
      },
    },
  })
})

test('the names that examples import lead to the sources of what the package exports', () => {
  const { name, exports } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8'))
  const { paths } = JSON.parse(readFileSync(resolve(ROOT, 'tsconfig.json'), 'utf8')).compilerOptions
  for (const [alias, [path]] of Object.entries<[string]>(paths)) {
    const target = exports[alias.replace(name, '.')]
    expect(target?.default, alias).toBe(path.replace('./src/', './dist/').replace(/\.ts$/, '.js'))
  }
})

test('a dry run of the shop’s messages makes the streams that docs/replay.md shows', async () => {
  const { code, stdout } = await runProgram('stv3', [
    'replay',
    ORDERS,
    '-c',
    `${SHOP}/winchester.yaml`,
    '--dry-run',
  ])
  expect(code).toBe(0)
  const page = readFileSync(resolve(ROOT, 'docs/replay.md'), 'utf8')
  const shown = page.slice(page.indexOf('    stream 1 order'), page.indexOf('    …'))
  expect(stdout).toContain(shown.replaceAll(/^ {4}/gm, ''))
})
