import { wallClock } from '../clock/event-clock.ts'
import { loadDefinitions } from '../config/load/load-definitions.ts'
import { createDistiller, type Distilled } from '../distiller/distiller.ts'
import { distilText } from './distil-text.ts'

export type LoadedDistiller = {
  /**
   * Makes an event of a notification, given as an object or as JSON text. The result is the event, `dropped` where no definition
   * matches, or `failed` with the reason.
   */
  distil(notification: object | string): Distilled
}

export type LoadDistillerOptions = {
  /** whether notifications that no definition matches become events with the default traits, by default false */
  readonly catchAll?: boolean
  /** values of `${NAME}` in the files, by default those of the process */
  readonly environment?: { readonly [name: string]: string | undefined }
}

/**
 * Loads a distiller from an event_definitions.yaml, a folder of such files, or several of them. Rejects with a ConfigError
 * that has all findings. Plugins of your own need a whole configuration: see openEngine.
 *
 * @example
 * const distiller = await loadDistiller('event_definitions.yaml')
 * const result = distiller.distil({ event_type: 'order.placed', message_id: 'm-1', timestamp: '2026-03-14T09:00:00Z' })
 * if (result.kind === 'event') console.log(result.event.traits)
 */
export async function loadDistiller(
  definitions: string | readonly string[],
  { catchAll = false, environment = process.env }: LoadDistillerOptions = {},
): Promise<LoadedDistiller> {
  const distiller = createDistiller(await loadDefinitions(definitions, environment), { catchAll })
  return { distil: distilText(distiller, wallClock.now) }
}
