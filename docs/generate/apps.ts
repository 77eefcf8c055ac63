import { APPS } from '../../src/consumer/apps/app-registry.ts'
import type { BuiltInApp } from '../../src/consumer/apps/built-in-app.ts'
import { code, paragraphs, table } from './markdown.ts'
import { sectionTable } from './schema-table.ts'

/** Writes a list of the apps that are built in. */
export function appList(): string {
  const rows = Object.entries(APPS.entries).map(([name, { kind, schema, description }]) => [
    code(name),
    Object.keys(schema).length > 0 ? code(`[${kind}]`) : '–',
    description,
  ])
  return table(['app', 'section', 'does'], rows)
}

/** Writes the sections of the apps, with their keys. */
export function appReference(): string {
  const bySection = Map.groupBy(
    Object.entries(APPS.entries).filter(([, { schema }]) => Object.keys(schema).length > 0),
    ([, { schema }]) => schema,
  )
  return paragraphs(
    ...[...bySection.values()].map(([first, ...others]) => sectionOf([first as NamedApp, ...others])),
  )
}

type NamedApp = readonly [name: string, app: BuiltInApp]

function sectionOf(apps: readonly [NamedApp, ...NamedApp[]]): string {
  const heads = apps.map(([, { kind }]) => code(`[${kind}]`)).join(' and ')
  const names = apps.map(([name]) => code(name)).join(' and ')
  const [[, { schema }]] = apps
  return paragraphs(`### ${heads}`, `Of ${names}.`, sectionTable(schema))
}
