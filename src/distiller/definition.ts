import { TextSyntaxError } from '../domain/errors.ts'
import { ENVELOPE_NAMES } from '../domain/event.ts'
import type { Report } from '../domain/report.ts'
import type { TraitType } from '../domain/trait.ts'
import { compileEventTypeFilter, type EventTypePatterns } from '../text/event-type-filter.ts'
import {
  DEFAULT_TYPE,
  type EventDefinitionConfig,
  type PluginConfig,
  type TraitDefinitionConfig,
} from './definition-config.ts'
import { compileFieldPath } from './field-path.ts'
import type { Path } from './path/compile-path.ts'
import { PLUGINS } from './plugins/plugin-registry.ts'
import type { TraitPlugin, TraitPlugins } from './trait-plugin.ts'

/** A compiled trait of an event definition. */
export type TraitDefinition = {
  readonly name: string
  readonly type: TraitType
  /** field paths in order of preference */
  readonly fields: readonly Path[]
  readonly plugin: TraitPlugin | undefined
}

/** A compiled entry of event_definitions.yaml. */
export type EventDefinition = {
  /** index in the file, from 0; -1 for the catch-all definition */
  readonly index: number
  readonly patterns: EventTypePatterns
  readonly accepts: (eventType: string) => boolean
  readonly traits: readonly TraitDefinition[]
}

/** Traits that every event has unless its definition overrides them. */
export const DEFAULT_TRAITS: { readonly [name: string]: TraitDefinitionConfig } = {
  service: { fields: 'publisher_id' },
  request_id: { fields: '_context_request_id' },
  tenant_id: { fields: ['payload.tenant_id', '_context_tenant'] },
}

type ConfigPath = readonly (string | number)[]

/**
 * Compiles the definitions of a file, in their order. Reports each fault; a field path or plugin with a fault
 * is left out.
 */
export function compileDefinitions(
  configs: readonly EventDefinitionConfig[],
  report: Report,
  plugins: TraitPlugins = {},
): EventDefinition[] {
  const known = { ...PLUGINS.entries, ...plugins }
  return configs.map((config, index) => ({
    index,
    patterns: config.event_type,
    accepts: compileEventTypeFilter(config.event_type),
    traits: compileTraits({ ...DEFAULT_TRAITS, ...config.traits }, [index, 'traits'], report, known),
  }))
}

/** Returns the definition for notifications that no other one matches. It has the default traits only. */
export function catchAllDefinition(): EventDefinition {
  const traits = compileTraits(DEFAULT_TRAITS, [], () => {}, {})
  return { index: -1, patterns: '*', accepts: () => true, traits }
}

function compileTraits(
  configs: { readonly [name: string]: TraitDefinitionConfig },
  path: ConfigPath,
  report: Report,
  plugins: TraitPlugins,
): TraitDefinition[] {
  return Object.entries(configs).map(([name, { fields, type = DEFAULT_TYPE, plugin }]) => {
    const at = [...path, name]
    if (ENVELOPE_NAMES.includes(name)) {
      const message = `${name}: every event has its own ${name}, which hides a trait of this name`
      report({ severity: 'warning', code: 'envelope', path: at, message })
    }
    const compiled =
      typeof fields === 'string'
        ? [compileField(fields, [...at, 'fields'], report)]
        : fields.map((text, index) => compileField(text, [...at, 'fields', index], report))
    return {
      name,
      type,
      fields: compiled.filter((field) => field !== undefined),
      plugin: plugin === undefined ? undefined : createPlugin(plugin, [...at, 'plugin'], report, plugins),
    }
  })
}

function compileField(text: string, path: ConfigPath, report: Report): Path | undefined {
  try {
    return compileFieldPath(text)
  } catch (error) {
    if (!(error instanceof TextSyntaxError)) throw error
    report({ severity: 'error', code: 'field-path', path, message: error.message })
    return undefined
  }
}

function createPlugin(
  config: PluginConfig,
  path: ConfigPath,
  report: Report,
  plugins: TraitPlugins,
): TraitPlugin | undefined {
  const { name, parameters } = typeof config === 'string' ? { name: config, parameters: {} } : config
  const Plugin = Object.hasOwn(plugins, name) ? plugins[name] : undefined
  const fault = (message: string) => report({ severity: 'error', code: 'plugin', path, message })
  if (!Plugin) {
    fault(PLUGINS.unknown(name, Object.keys(plugins)))
    return undefined
  }
  const parameterNames = Plugin.schema ? Object.keys(Plugin.schema.properties) : Plugin.parameters
  for (const parameter of Object.keys(parameters ?? {})) {
    if (!parameterNames || parameterNames.includes(parameter)) continue
    const known = parameterNames.join(', ') || 'none'
    const message = `plugin ${name}: unknown parameter ${parameter}; known are ${known}`
    report({ severity: 'warning', code: 'plugin', path, message })
  }
  try {
    return new Plugin(parameters ?? {})
  } catch (error) {
    fault(`plugin ${name}: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}
