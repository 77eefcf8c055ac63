import { type ZodType, z } from 'zod'
import {
  eventDefinitionSchema,
  includeSchema,
  traitDefinitionSchema,
} from '../../src/config/schemas/event-definitions-schema.ts'
import { stepSchema } from '../../src/config/schemas/pipelines-schema.ts'
import { shipProxySchema } from '../../src/config/schemas/ship-proxy-schema.ts'
import {
  fileTargetSchema,
  logSetSchema,
  s3TargetSchema,
  shipSchema,
  swiftTargetSchema,
} from '../../src/config/schemas/ship-schema.ts'
import { shipHostSchema, shipServerSchema } from '../../src/config/schemas/ship-server-schema.ts'
import { criterionSchema, triggerSchema } from '../../src/config/schemas/triggers-schema.ts'
import { winchesterSchema } from '../../src/config/schemas/winchester-schema.ts'
import { FILTER_SECTIONS, QUINCY_SECTIONS, YAGI_SECTIONS } from '../../src/config/schemas/yagi-schema.ts'
import { APPS } from '../../src/consumer/apps/app-registry.ts'
import { PLUGINS } from '../../src/distiller/plugins/plugin-registry.ts'
import { code, paragraphs, table } from './markdown.ts'
import { propertiesTable, type Schema, sectionTable } from './schema-table.ts'

/** Sections of yagi.conf that have more than their name in the file. */
const FULL_NAMES: { readonly [section: string]: string } = { consumer: 'consumer:QUEUE' }

/** Writes the keys of each file. */
export function configurationReference(): { readonly [section: string]: string } {
  return {
    winchester: propertiesTable(shapeOf(winchesterSchema), { head: 'key', nested: true }),
    'event definitions': paragraphs(
      'An entry:',
      keysOf(eventDefinitionSchema),
      'A trait:',
      keysOf(traitDefinitionSchema),
      'An entry that stands for the definitions of other files:',
      keysOf(includeSchema),
    ),
    plugins: pluginReference(),
    triggers: paragraphs(
      'A trigger:',
      keysOf(triggerSchema),
      'A criterion, of `match_criteria` or `fire_criteria`:',
      keysOf(criterionSchema),
    ),
    pipelines: keysOf(stepSchema),
    yagi: paragraphs(sectionsOf(YAGI_SECTIONS), filterSections()),
    quincy: sectionsOf(QUINCY_SECTIONS),
    ship: paragraphs(
      propertiesTable(shapeOf(shipSchema), { head: 'key', nested: true }),
      'A log set:',
      keysOf(logSetSchema),
      'A target of the kind file:',
      keysOf(fileTargetSchema),
      'A target of the kind s3:',
      keysOf(s3TargetSchema),
      'A target of the kind swift:',
      keysOf(swiftTargetSchema),
    ),
    'ship-server': paragraphs(keysOf(shipServerSchema), 'A host:', keysOf(shipHostSchema)),
    'ship-proxy': keysOf(shipProxySchema),
  }
}

function shapeOf(schema: ZodType): Schema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema
}

function keysOf(schema: ZodType): string {
  return propertiesTable(shapeOf(schema), { head: 'key' })
}

function pluginReference(): string {
  return paragraphs(
    ...Object.entries(PLUGINS.entries).map(([name, { description = '', schema }]) =>
      paragraphs(
        `#### ${name}`,
        description,
        schema ? propertiesTable(schema as Schema, { head: 'parameter' }) : '',
      ),
    ),
  )
}

function sectionsOf(sections: typeof YAGI_SECTIONS): string {
  const ofApps = Object.values(APPS.entries).map(({ kind }) => kind)
  return paragraphs(
    ...Object.entries(sections)
      .filter(([name]) => !ofApps.includes(name))
      .map(([name, section]) => paragraphs(`### [${FULL_NAMES[name] ?? name}]`, sectionTable(section))),
  )
}

function filterSections(): string {
  const rows = Object.entries(FILTER_SECTIONS).map(([name, meaning]) => [code(`[${name}]`), meaning])
  return paragraphs('### Filters', table(['section', '`APP = event types`'], rows))
}
