import { setImmediate } from 'node:timers/promises'
import type { Outcome } from './file-job.ts'
import { findFiles } from './find-files.ts'
import { type PassContext, partsOfFile } from './pass.ts'

type PlanContext = Omit<PassContext, 'parallel' | 'signal'>

/** Says what a pass would decide about each file, and does nothing of it. */
export async function planPass(context: PlanContext): Promise<void> {
  for (const file of findFiles(context.placed, context.tellFault)) {
    if (!file) {
      await setImmediate()
      continue
    }
    for (const { placed, decision, entry } of partsOfFile(file, context)) {
      const isRemembered = decision.verdict === 'due' && entry?.state === 'verified' && !decision.isDeleteDue
      const outcome: Outcome = {
        file,
        placed,
        decision,
        result: isRemembered ? 'remembered' : decision.verdict,
      }
      await context.tell(outcome)
    }
  }
}
