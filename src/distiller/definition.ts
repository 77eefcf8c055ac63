import { InvalidError, TextSyntaxError } from '../domain/errors.ts'
import { compileEventTypeFilter } from '../domain/event-type-filter.ts'
import type { Notification } from '../domain/notification.ts'
import type { Report } from '../domain/report.ts'
import type { Trait, TraitType } from '../domain/trait.ts'
import { convertTrait } from './convert.ts'
import type { EventDefinitionConfig, TraitDefinitionConfig } from './definition-config.ts'
import { compilePath, type Path } from './path.ts'

export type TraitDefinition = {
  readonly name: string
  readonly type: TraitType
  readonly fields: readonly Path[]
}

/** A compiled entry of event_definitions.yaml. */
export type EventDefinition = {
  readonly accepts: (eventType: string) => boolean
  readonly traits: readonly TraitDefinition[]
}

/** Traits that every event gets unless its definition says otherwise. */
export const DEFAULT_TRAITS: { readonly [name: string]: TraitDefinitionConfig } = {
  service: { fields: 'publisher_id' },
  request_id: { fields: '_context_request_id' },
  tenant_id: { fields: ['payload.tenant_id', '_context_tenant'] },
}

/** Compiles the definitions of a file in their order; faults are reported. */
export function compileDefinitions(
  configs: readonly EventDefinitionConfig[],
  report: Report,
): EventDefinition[] {
  return configs.map((config, index) => ({
    accepts: compileEventTypeFilter(config.event_type),
    traits: compileTraits({ ...DEFAULT_TRAITS, ...config.traits }, [index, 'traits'], report),
  }))
}

/** What catches all notifications that no definition means: the default traits only. */
export function catchAllDefinition(): EventDefinition {
  return { accepts: () => true, traits: compileTraits(DEFAULT_TRAITS, [], () => {}) }
}

function compileTraits(
  configs: { readonly [name: string]: TraitDefinitionConfig },
  path: readonly (string | number)[],
  report: Report,
): TraitDefinition[] {
  return Object.entries(configs).map(([name, { fields, type = 'text' }]) => {
    const several = Array.isArray(fields)
    const list: readonly string[] = several ? fields : fields === undefined ? [] : [fields as string]
    const compiled = list.flatMap((text, at) => {
      const where = [...path, name, 'fields', ...(several ? [at] : [])]
      return compileField(text, where, report) ?? []
    })
    return { name, type, fields: compiled }
  })
}

function compileField(text: string, path: readonly (string | number)[], report: Report): Path | undefined {
  try {
    return compilePath(text)
  } catch (error) {
    if (!(error instanceof TextSyntaxError)) throw error
    report({ severity: 'error', code: 'field-path', path, message: error.message })
    return undefined
  }
}

/** The trait as the notification has it; undefined when no field yields a value. Throws InvalidError. */
export function extractTrait(definition: TraitDefinition, notification: Notification): Trait | undefined {
  for (const field of definition.fields) {
    const [value] = field(notification)
    if (value === undefined) continue
    try {
      return convertTrait(value, definition.type)
    } catch (error) {
      if (!(error instanceof InvalidError)) throw error
      throw new InvalidError(`trait ${definition.name}: ${error.message}`)
    }
  }
  return undefined
}
