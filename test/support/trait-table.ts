import { DEFAULT_TRAITS, type EventDefinition } from '../../src/distiller/definition.ts'
import { loadPack, SERVICES } from './packs.ts'

/**
 * Returns the table of docs/event-definitions.md: the traits that each service's pack adds to those of every
 * event.
 */
export async function traitTable(): Promise<string> {
  const rows = await Promise.all(
    SERVICES.map(async (service) => rowOf(service, (await loadPack(service)).definitions)),
  )
  return ['| pack | event types | traits |', '|---|---|---|', ...rows].join('\n')
}

function rowOf(service: string, definitions: readonly EventDefinition[]): string {
  const always = [...Object.keys(DEFAULT_TRAITS), 'user_id']
  const names = definitions.flatMap(({ traits }) => traits.map(({ name }) => name))
  const traits = [...new Set(names)].filter((name) => !always.includes(name)).sort(idsFirst)
  const types = definitions.flatMap(({ patterns }) => patterns).filter((type) => !type.startsWith('!'))
  const kinds = new Set(types.map((type) => kindOf(type, service)))
  return `| ${service} | ${[...kinds].join(' ')} | ${traits.join(' ')} |`
}

/** Returns the kind of an event type. Nova's failed calls, which have no dots, are one kind. */
function kindOf(type: string, service: string): string {
  if (type.startsWith('*.')) return type
  if (type.includes('.')) return `${type.split('.')[0]}.*`
  return service === 'nova' ? 'failed calls' : type
}

function idsFirst(a: string, b: string): number {
  const isId = (name: string) => Number(name.endsWith('_id'))
  return isId(b) - isId(a) || (a < b ? -1 : 1)
}
