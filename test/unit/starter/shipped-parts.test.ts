import { expect, test } from 'vitest'
import { pickPipelines, pickTriggers } from '../../../src/starter/shipped-parts.ts'

const TRIGGERS = `# yaml-language-server: $schema=schema/triggers.schema.json

# Of the whole file.

# Of a.
- name: a
  distinguished_by: &by [x]
  # inside

  match_criteria: []

- name: b
  distinguished_by: *by
`

test('triggers are taken with the comments before them, without those of the whole file', () => {
  expect(pickTriggers(TRIGGERS, ['a'])).toBe(
    '# Of a.\n- name: a\n  distinguished_by: &by [x]\n  # inside\n  match_criteria: []\n',
  )
  const both = pickTriggers(TRIGGERS, ['b', 'a'])
  expect(both.startsWith('# Of a.\n- name: a\n')).toBe(true)
  expect(both.endsWith('\n\n- name: b\n  distinguished_by: *by\n')).toBe(true)
})

test('a part that is missing, or that needs another one, is an error', () => {
  expect(() => pickTriggers(TRIGGERS, ['c'])).toThrow('there is no c')
  expect(() => pickTriggers(TRIGGERS, ['b'])).toThrow('*by of the shipped files points to a part')
  expect(pickPipelines('p: &v\n  - logger\n\n# of q\nq: *v\n', ['p'])).toBe('p: &v\n  - logger\n')
})
