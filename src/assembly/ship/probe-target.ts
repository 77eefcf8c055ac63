import { digestOf } from '../../objects/digest.ts'
import type { ObjectTarget } from '../../objects/target.ts'

/**
 * What keeps a store from overwriting an object. `condition`: it heeds the condition that there is none. `question`: it is asked for the
 * object before, and two that write at the same time can both be told that there is none. `nothing`: it passes over the condition.
 */
export type Guard = 'condition' | 'question' | 'nothing'

/** Key of the object that a store is tried with. */
export const PROBE_KEY = '.stv3-ship-check'
const CONTENT = Buffer.from('stv3 ship check has tried here whether an object that is there is overwritten\n')

/** Tries what keeps a store from overwriting: by an object of its own, which stays there. Rejects as the target does. */
export async function probeTarget(target: ObjectTarget): Promise<Guard> {
  const digest = await digestOf(content())
  const isTaken = async () => (await target.create(PROBE_KEY, content(), digest)) === 'exists'
  if (!(await isTaken()) && !(await isTaken())) return 'nothing'
  return target.isAskedFirst ? 'question' : 'condition'
}

async function* content(): AsyncGenerator<Buffer> {
  yield CONTENT
}
