import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { defaultDataFolder } from '../../../../src/cli/up/data-folder.ts'

const CHECKOUT = resolve(import.meta.dirname, '../../../..')

test.each([
  ['a checkout', CHECKOUT, { XDG_STATE_HOME: '/state' }, join(CHECKOUT, 'sandbox/data')],
  ['a package', '/opt/stv3', {}, '/home/me/.local/state/stacktach'],
  ['a package with XDG_STATE_HOME', '/opt/stv3', { XDG_STATE_HOME: '/state' }, '/state/stacktach'],
  ['a relative XDG_STATE_HOME', '/opt/stv3', { XDG_STATE_HOME: 'state' }, '/home/me/.local/state/stacktach'],
])('the data of %s', (_, root, env, expected) => {
  expect(defaultDataFolder(root, env, '/home/me')).toBe(expected)
})
