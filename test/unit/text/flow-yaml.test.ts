import { load } from 'js-yaml'
import { expect, test } from 'vitest'
import { flowYaml } from '../../../src/text/flow-yaml.ts'

test.each<[object, string]>([
  [{ event_type: 'compute.instance.exists' }, 'event_type: compute.instance.exists'],
  [{ event_type: ['a.*', '!b'] }, 'event_type: ["a.*", "!b"]'],
  [
    { traits: { state: 'active', memory_mb: { int: '> 4096' } } },
    'traits: {state: active, memory_mb: {int: "> 4096"}}',
  ],
  [
    { traits: { on: true, text: 'yes', n: 5, none: null } },
    'traits: {"on": true, text: "yes", "n": 5, none: null}',
  ],
  [{ timestamp: '$day' }, 'timestamp: "$day"'],
  [{ a: undefined, b: '1' }, 'b: "1"'],
])('%j is written as %s, which YAML reads as the same', (value, text) => {
  expect(flowYaml(value)).toBe(text)
  expect(load(`{${text}}`)).toEqual(JSON.parse(JSON.stringify(value)))
})
