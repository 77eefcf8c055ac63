import { expect, test } from 'vitest'
import { compileDefinitions } from '../../../src/distiller/definition.ts'
import { PLUGINS } from '../../../src/distiller/plugins/plugin-registry.ts'
import type { PluginParameters, TraitPluginClass } from '../../../src/distiller/trait-plugin.ts'
import type { UnplacedFinding } from '../../../src/domain/report.ts'

function value(name: string, parameters: PluginParameters, ...values: (string | number | boolean)[]) {
  const Plugin = PLUGINS.entries[name] as TraitPluginClass
  return new Plugin(parameters).traitValue(values.map((one, index) => [`f${index}`, one]))
}

test.each([
  ['split', {}, ['a.b'], 'a'],
  ['split', { segment: 1, max_split: 1 }, ['a.b.c'], 'b.c'],
  ['split', { separator: null, segment: 1 }, ['  a  b c'], 'b'],
  ['split', { separator: null, segment: -1, max_split: 1 }, ['a b c '], 'b c '],
  ['split', { segment: '1', max_split: ' 1 ' }, ['a.b.c'], 'b.c'],
  ['split', { segment: '-1' }, ['a.b.c'], 'c'],
  ['split', { segment: 9 }, ['a.b'], undefined],
  ['map', { values: { up: 'on' }, default: 'off' }, ['down'], 'off'],
  ['map', { values: { UP: 'on' }, case_sensitive: false }, ['up'], 'on'],
  ['map', { values: { up: 'on' } }, ['down', 'up'], 'on'],
  ['map', { values: { true: 'yes' } }, [true], 'yes'],
  ['timedelta', {}, ['2026-01-01T00:00:01.5', '2026-01-01T00:00:00'], 1.5],
  ['timedelta', {}, ['2026-01-01T00:00:01.5'], undefined],
  ['bitfield', { initial_bitfield: 1, flags: [{ path: 'f0', bit: 1.9, value: 'x' }] }, ['x'], 3n],
  ['bitfield', { flags: [{ path: 'f0', bit: 70 }] }, [0], 1n << 70n],
] as const)('%s %j of %j is %s', (name, parameters, values, expected) => {
  expect(value(name, parameters, ...values)).toEqual(expected)
})

test.each([
  ['map', {}, /values: expected a table/],
  ['split', { segment: 'x' }, /segment: expected a whole number/],
  ['split', { segment: '' }, /segment: expected a whole number/],
  ['split', { segment: '1.0' }, /segment: expected a whole number/],
  ['bitfield', { flags: [{ path: 'a', bit: -1 }] }, /bit of a: expected a number from 0/],
] as const)('%s refuses %j', (name, parameters, message) => {
  expect(() => value(name, parameters, 'x')).toThrow(message)
})

class Own {
  traitValue() {
    return 1
  }
}
const WITH_SCHEMA = class extends Own {
  static schema = { properties: { separator: { type: 'string' } } }
}
const WITH_NAMES = class extends Own {
  static parameters = ['separator']
}

test.each([
  ['of those built in', {}],
  ['with a schema', { split: WITH_SCHEMA }],
  ['with names of parameters', { split: WITH_NAMES }],
])('a parameter that the plugin does not know is warned of: one %s', (_, plugins) => {
  const findings: UnplacedFinding[] = []
  const plugin = { name: 'split', parameters: { seperator: '-', separator: '.' } }
  const report = (one: UnplacedFinding) => void findings.push(one)
  compileDefinitions([{ event_type: 'x', traits: { a: { fields: 'b', plugin } } }], report, plugins)
  expect(findings).toMatchObject([
    {
      severity: 'warning',
      path: [0, 'traits', 'a', 'plugin'],
      message: expect.stringContaining('seperator'),
    },
  ])
})
