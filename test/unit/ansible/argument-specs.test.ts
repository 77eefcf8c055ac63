import { expect, test } from 'vitest'
import { ROLE_NAMES, type RoleOptions, roleDefaults, roleSpec } from '../../../docs/generate/roles.ts'

test.each(ROLE_NAMES)('the variables of %s have the defaults that its specification says', (role) => {
  const { options } = roleSpec(role)
  const defaults = roleDefaults(role)
  expect(Object.keys(defaults).filter((name) => !(name in options))).toEqual([])
  for (const [name, option] of Object.entries(options)) {
    const value = defaults[name]
    expect(option.description, name).toMatch(/^[A-Z`].*[^.]$/)
    if (option.required) expect(value, name).toBeUndefined()
    // What is computed is told in words.
    else if (typeof value === 'string' && value.includes('{{')) {
      expect(option.default, name).toBeUndefined()
      expect(option.description, name).toMatch(/unless given/)
    } else expect(option.default, name).toEqual(value)
  }
})

/** The variables of StackTach.v3's own roles. */
const ORIGINAL: { readonly [role: string]: readonly string[] } = {
  stv3_common: [
    ...['tarball_absolute_path', 'config_path', 'root_log_level', 'yagi_log_level', 'winchester_log_level'],
    ...['amqp_log_level', 'sqlalchemy_log_level', 'database_url', 'statistics_period'],
    ...['pipeline_worker_batch_size', 'pipeline_worker_delay', 'stackdistiller_plugins'],
    ...['catch_all_notifications', 'pipeline_handlers', 'swift_username', 'rax_api_key'],
  ],
  stv3_workers: ['num_pipeline_workers', 'cells'],
  stv3_db: ['root_db_password', 'winchester_db_password'],
}

const OF_CELLS = ['name', 'rabbit_host', 'rabbit_user', 'rabbit_password', 'rabbit_port', 'rabbit_vhost']

test('the variables of StackTach.v3 have their names', () => {
  for (const [role, names] of Object.entries(ORIGINAL))
    expect(Object.keys(roleSpec(role).options)).toEqual(expect.arrayContaining([...names]))
  const { cells } = roleSpec('stv3_workers').options as RoleOptions
  expect(Object.keys(cells?.options ?? {})).toEqual(
    expect.arrayContaining([...OF_CELLS, 'rabbit_exchange', 'swift_region']),
  )
})

test('what holds a password or a token is no_log', () => {
  const secret = /password|token|database_url|api_key$|^stv3_environment$/
  const check = (options: RoleOptions) => {
    for (const [name, option] of Object.entries(options)) {
      if (secret.test(name)) expect(option, name).toMatchObject({ no_log: true })
      if (option.options) check(option.options)
    }
  }
  for (const role of ROLE_NAMES) check(roleSpec(role).options)
})
