import type { EventDefinition } from '../../distiller/definition.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Shared } from '../../runtime/shared.ts'
import type { SectionSchema } from '../../text/section-schema.ts'
import type { ConsumerApp } from './app.ts'

/** What built-in apps get beside the values of their section. */
export type AppServices = {
  readonly logger: Pick<Logger, 'info' | 'warn'>
  /** Returns the one instance of a class that all apps of this process have. */
  readonly shared: Shared
  /** Compiles the event definitions of a file; those of winchester.yaml without one. Rejects with ConfigError. */
  loadDefinitions(path?: string): Promise<readonly EventDefinition[]>
}

/** Values of the section of an app by key; a built-in app casts them to the values of its own schema. */
export type AppValues = { readonly [key: string]: unknown }

/** What is wrong with the values of a section, and at which key. */
export type ValueFault = { readonly key: string; readonly message: string }

/** An app that is built in. */
export interface BuiltInApp {
  /** Its section of yagi.conf, and another name of the app in filters. */
  readonly kind: string
  /** One or two sentences for the reference pages. */
  readonly description: string
  /** Keys of the section. */
  readonly schema: SectionSchema
  /** Returns what is wrong with values that fit the schema; undefined where nothing is. */
  fault?(values: AppValues): ValueFault | undefined
  /** Reads what the values name, for `stv3 check`. Rejects with the reason where it cannot be used. */
  check?(values: AppValues, services: Pick<AppServices, 'loadDefinitions'>): Promise<void>
  /** Makes the app; left out where the consumer itself does the work. */
  open?(values: AppValues, services: AppServices): ConsumerApp | Promise<ConsumerApp>
}
