import type { EventDefinition } from '../../distiller/definition.ts'
import type { Logger } from '../../runtime/logger.ts'
import type { Shared } from '../../runtime/shared.ts'
import type { SectionSchema } from '../../text/section-schema.ts'
import type { ConsumerApp } from './app.ts'

/** The services that built-in apps get beside the values of their section. */
export type AppServices = {
  readonly logger: Pick<Logger, 'info' | 'warn'>
  /** Returns the one instance of a class that all apps of this process have. */
  readonly shared: Shared
  /**
   * Compiles the event definitions of a file, or without a path those of winchester.yaml. Rejects with
   * ConfigError.
   */
  loadDefinitions(path?: string): Promise<readonly EventDefinition[]>
}

/** The values of an app's section by key. A built-in app casts them to the values of its own schema. */
export type AppValues = { readonly [key: string]: unknown }

/** A fault in the values of a section, and its key. */
export type ValueFault = { readonly key: string; readonly message: string }

/** A built-in app: its schema, its checks and how it is opened. */
export interface BuiltInApp {
  /** The name of the app's section of yagi.conf, and another name of the app in filters. */
  readonly kind: string
  /** One or two sentences for the reference pages. */
  readonly description: string
  /** Keys of the section. */
  readonly schema: SectionSchema
  /** Returns the fault of values that fit the schema; undefined when there is none. */
  fault?(values: AppValues): ValueFault | undefined
  /**
   * Reads the files that the values name, for `stv3 check`. Rejects with the reason when one cannot be used.
   */
  check?(values: AppValues, services: Pick<AppServices, 'loadDefinitions'>): Promise<void>
  /** Makes the app. Left out where the consumer itself does the work. */
  open?(values: AppValues, services: AppServices): ConsumerApp | Promise<ConsumerApp>
}
