import { DEFAULT_TRAITS } from '../../distiller/definition.ts'
import { PLUGINS } from '../../distiller/plugins/plugin-registry.ts'
import type { TraitPluginClass, TraitPlugins } from '../../distiller/trait-plugin.ts'
import { ConfigError, messageOf } from '../../domain/errors.ts'
import type { WinchesterSettings } from '../schemas/winchester-schema.ts'
import type { ConfigFile, NamedFiles } from './config-file.ts'
import { type DefinitionFiles, readDefinitionFiles } from './definition-files.ts'
import type { LoadContext } from './load-context.ts'

/** Reads the files of distiller_config. Resolves to undefined when it names none or one cannot be read. */
export async function readNamedDefinitions(
  main: ConfigFile<WinchesterSettings>,
  files: NamedFiles,
  { environment, findings }: LoadContext,
): Promise<DefinitionFiles | undefined> {
  const { distiller_config: named } = main.value
  if (named === undefined) return undefined
  const names = typeof named === 'string' ? [named] : named
  const found: string[] = []
  for (const [index, name] of names.entries()) {
    const path = await files.find(['distiller_config', ...(named === name ? [] : [index])], name)
    if (path !== undefined) found.push(path)
  }
  try {
    const definitions = await readDefinitionFiles(found, environment, findings)
    return found.length < names.length ? { ...definitions, traitNames: undefined } : definitions
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const path = ['distiller_config']
    findings.error('missing-file', path, error.message, main.document.positionOf(path))
    return undefined
  }
}

/** Loads the plugins that distiller_trait_plugins names. */
export async function loadNamedPlugins(
  { document, value }: ConfigFile<WinchesterSettings>,
  folder: string,
  { findings }: LoadContext,
): Promise<TraitPlugins> {
  const plugins: { [name: string]: TraitPluginClass } = {}
  for (const [name, classPath] of Object.entries(value.distiller_trait_plugins)) {
    const path = ['distiller_trait_plugins', name]
    try {
      plugins[name] = await PLUGINS.load(classPath, { named: {}, folder })
    } catch (error) {
      findings.error('plugin', path, messageOf(error), document.positionOf(path))
    }
  }
  return plugins
}

/** Returns the traits that the definitions make; undefined when they cannot be known. */
export function knownTraits(definitions: DefinitionFiles | undefined): ReadonlySet<string> | undefined {
  if (!definitions?.traitNames) return undefined
  return new Set([...Object.keys(DEFAULT_TRAITS), ...definitions.traitNames])
}
