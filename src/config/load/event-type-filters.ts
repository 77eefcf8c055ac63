import { compileEventTypeFilter } from '../../text/event-type-filter.ts'
import { didYouMean } from '../../text/suggest.ts'
import type { IniReader } from '../documents/ini-reader.ts'
import { FILTER_SECTIONS } from '../schemas/yagi-schema.ts'

/**
 * Compiles the filters of an app of a queue into a function of event types. Filters may stand under any of
 * the app's names, in any case, as keys of INI files. Types in [filters] alone reach the app; types in
 * [exclude_filters] and [discard_filters] do not.
 */
export function filterOf(
  ini: IniReader,
  queue: string,
  names: readonly string[],
): (eventType: string) => boolean {
  const listed = (section: string) =>
    names
      .map((name) => name.toLowerCase())
      .map((key) => ini.list(ini.sectionWith(key, section, queue), key))
      .find((types) => types.length > 0) ?? []
  const only = listed('filters')
  const excluded = [...listed('exclude_filters'), ...listed('discard_filters')]
  if (only.length + excluded.length === 0) return () => true
  return compileEventTypeFilter([...only, ...excluded.map((type) => `!${type}`)])
}

/** Adds a warning for each filter whose name is not that of an app of a queue. */
export function checkFilterNames(
  ini: IniReader,
  apps: readonly { readonly name: string; readonly kind: string }[],
): void {
  const known = [...new Set(apps.flatMap(({ name, kind }) => [name, kind]))].filter((name) => name !== 'own')
  for (const section of ini.sectionsOf(Object.keys(FILTER_SECTIONS))) {
    for (const name of ini.keysOf(section)) {
      if (known.some((one) => one.toLowerCase() === name.toLowerCase())) continue
      const message = `${name} is the app of no queue; known are ${known.join(', ')}${didYouMean(name, known)}`
      // A warning only: the filter has no effect, since no app has its name.
      ini.report(section, name, message, 'warning')
    }
  }
}
