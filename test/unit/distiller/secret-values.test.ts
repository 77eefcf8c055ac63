import { expect, test } from 'vitest'
import { compileDefinitions } from '../../../src/distiller/definition.ts'
import type { TraitDefinitionConfig } from '../../../src/distiller/definition-config.ts'
import { createDistiller } from '../../../src/distiller/distiller.ts'
import type { Notification } from '../../../src/domain/notification.ts'
import { at } from '../../support/events.ts'

const PAYLOAD = { admin_password: 'SEKRET77', credentials: { n: 'SEKRET77' }, list: [1], host: 'c1' }

function reasonOf(name: string, trait: TraitDefinitionConfig): string | undefined {
  const definitions = compileDefinitions([{ event_type: '*', traits: { [name]: trait } }], ({ message }) => {
    throw new Error(message)
  })
  const notification = { event_type: 'x', message_id: 'm', payload: PAYLOAD } as unknown as Notification
  const distilled = createDistiller(definitions, { catchAll: false }).distil(
    notification,
    at('2026-01-01T00:00:00'),
  )
  return distilled.kind === 'failed' ? distilled.reason : undefined
}

test.each<[string, TraitDefinitionConfig]>([
  ['harmless', { type: 'int', fields: 'payload.admin_password' }],
  ['harmless', { type: 'int', fields: ['payload.nothing', 'payload.admin_password'] }],
  ['harmless', { type: 'int', fields: 'payload.credentials.n' }],
  ['harmless', { type: 'datetime', fields: 'payload.`this`.admin_password' }],
  ['password', { type: 'float', fields: 'payload.credentials.n' }],
])('the reason why the trait %s with %j cannot be extracted does not hold the secret', (name, trait) => {
  const reason = reasonOf(name, trait)
  expect(reason).toContain(`trait ${name}: a secret value (a text) cannot become `)
  expect(reason).not.toContain('SEKRET77')
})

test('other reasons hold the value', () => {
  expect(reasonOf('host', { type: 'int', fields: 'payload.host' })).toBe('trait host: "c1" is not an integer')
})
