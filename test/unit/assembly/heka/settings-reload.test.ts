import { expect, test } from 'vitest'
import { settingsReload } from '../../../../src/assembly/heka/settings-reload.ts'
import { ConfigError } from '../../../../src/domain/errors.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'

const STARTED = { matchSpec: '', bindAddress: ':1', fields: ['Uuid'] }
type Values = typeof STARTED

/** Reloads a program that takes `matchSpec` and `fields`, and refuses the expression `!`. */
function program() {
  const state = { next: STARTED as Values | ConfigError, taken: STARTED }
  const reload = settingsReload<Values>({
    async read() {
      if (state.next instanceof ConfigError) throw state.next
      return state.next
    },
    values: STARTED,
    program: {
      live: ['matchSpec', 'fields'],
      async take(values) {
        if (values.matchSpec === '!') throw new ConfigError('MATCH_SPEC is no expression')
        state.taken = values
      },
    },
    logger: silentLogger,
  })
  return { state, reload }
}

test('what may change is taken, and the rest is named until the restart', async () => {
  const { state, reload } = program()
  state.next = { matchSpec: 'TRUE', bindAddress: ':2', fields: ['Uuid'] }
  const sentence =
    'reloaded the settings: match_spec, the files that they name; needs a restart: bind_address'
  expect(await reload()).toEqual({ ok: true, sentence })
  expect(state.taken).toEqual({ ...state.next, bindAddress: ':1' })
  state.next = { ...state.next, fields: ['Type'] }
  expect((await reload()).sentence).toContain(
    'fields, the files that they name; needs a restart: bind_address',
  )
})

test('faults change nothing', async () => {
  const { state, reload } = program()
  state.next = new ConfigError('a.yaml:1:1: unknown key x\na.yaml:2:1: unknown key y')
  const begin = 'not reloaded, the settings before stay in force'
  expect(await reload()).toEqual({
    ok: false,
    sentence: `${begin}: a.yaml:1:1: unknown key x; a.yaml:2:1: unknown key y`,
  })
  state.next = { ...STARTED, matchSpec: '!' }
  expect(await reload()).toEqual({ ok: false, sentence: `${begin}: MATCH_SPEC is no expression` })
  expect(state.taken).toBe(STARTED)
  state.next = { ...STARTED, matchSpec: 'TRUE' }
  expect((await reload()).sentence).toContain('match_spec')
})
