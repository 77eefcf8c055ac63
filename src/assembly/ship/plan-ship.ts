import { existsSync } from 'node:fs'
import type { ShipConfig } from '../../config/load/load-ship.ts'
import { expandZones } from '../../ship/agent/expand-zones.ts'
import type { Outcome } from '../../ship/agent/file-job.ts'
import type { TellFault } from '../../ship/agent/find-files.ts'
import { planPass } from '../../ship/agent/plan.ts'
import { Journal } from '../../ship/journal.ts'
import { closeTargets } from './open-targets.ts'
import { openWork } from './open-work.ts'
import { placedSets, workOf } from './work-of.ts'

/** Says what an agent of this configuration would decide about each file at a time. Changes nothing. */
export async function planShip(
  config: ShipConfig,
  now: number,
  tell: (outcome: Outcome) => void | Promise<void>,
  tellFault: TellFault,
): Promise<void> {
  const journal = existsSync(config.journal) ? Journal.openToRead(config.journal) : Journal.open(':memory:')
  try {
    const { work, targets } = await openWork(config.targets, (opened) => workOf(config, opened))
    const { targetOf, customers } = work
    const placed = expandZones(placedSets(config))
    await planPass({ placed, targetOf, customers, journal, now, tell, tellFault }).finally(() =>
      closeTargets(targets),
    )
  } finally {
    journal.close()
  }
}
