import type { Trigger } from '../streams/trigger.ts'

/** Returns the same triggers without pipelines: their streams end as completed, and nothing runs. */
export function withoutPipelines(triggers: readonly Trigger[]): Trigger[] {
  return triggers.map((trigger) => ({ ...trigger, firePipeline: undefined, expirePipeline: undefined }))
}
