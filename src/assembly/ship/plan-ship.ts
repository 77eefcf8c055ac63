import { existsSync } from 'node:fs'
import type { ShipConfig } from '../../config/load/load-ship.ts'
import type { Outcome } from '../../ship/agent/file-job.ts'
import type { TellFault } from '../../ship/agent/find-files.ts'
import { planPass } from '../../ship/agent/plan.ts'
import { Journal } from '../../ship/journal.ts'
import { selectSets } from '../../ship/log-sets/select-sets.ts'
import { closeTargets, openTargets } from './open-targets.ts'

/** Says what an agent of this configuration would decide about each file at a time. Changes nothing. */
export async function planShip(
  config: ShipConfig,
  now: number,
  tell: (outcome: Outcome) => void | Promise<void>,
  tellFault: TellFault,
): Promise<void> {
  const journal = existsSync(config.journal) ? Journal.openToRead(config.journal) : Journal.open(':memory:')
  try {
    const targets = await openTargets(config.targets)
    const [only] = Object.values(targets)
    await planPass({
      placed: selectSets(config.sets, { ...config.host, root: config.root }, config.zones),
      targetOf: ({ set }) => (set.target === undefined ? only : targets[set.target]),
      customers: (uuid) => (Object.hasOwn(config.customers, uuid) ? config.customers[uuid] : undefined),
      journal,
      now,
      tell,
      tellFault,
    })
    await closeTargets(targets)
  } finally {
    journal.close()
  }
}
