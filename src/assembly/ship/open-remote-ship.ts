import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { compilePlan } from '../../config/load/received-plan.ts'
import { messageOf } from '../../domain/errors.ts'
import type { SignRequest } from '../../objects/signer.ts'
import { makeFolder } from '../../runtime/make-folder.ts'
import { reportOf } from '../../ship/central/report-of.ts'
import { type ReceivedPlan, ServerLink } from '../../ship/central/server-link.ts'
import { keepPlan, readLastPlan } from './last-plan.ts'
import { type OpenShip, openAgent, type ShipOptions } from './open-ship.ts'
import { type OpenWork, openWork, withTargets } from './open-work.ts'
import { placedWork, type ShipLimits } from './work-of.ts'

export type RemoteSettings = {
  readonly url: string
  readonly token: string
  readonly ca: Buffer | undefined
  /** the name of this host at the server */
  readonly host: string
  /** folder of the journal and of the last configuration */
  readonly state: string
  /** folder in which the paths of this host begin */
  readonly root: string
  readonly limits: ShipLimits
}

/** An agent whose configuration comes from a server, and the link to it. */
export type RemoteShip = OpenShip & { readonly link: ServerLink }

/**
 * Opens an agent that ships what a server says. Until the server has said it, and while it is away, the last configuration that could be
 * used stays in use, over restarts too.
 */
export async function openRemoteShip(settings: RemoteSettings, options: ShipOptions): Promise<RemoteShip> {
  const { state, url, token, ca, host, root, limits } = settings
  makeFolder(state)
  const file = join(state, 'last-configuration.json')
  const { logger } = options
  const sign = (target: string, request: SignRequest) => link.sign({ target, ...request })
  const prepare = async (plan: ReceivedPlan) => {
    const { placed, targets, customers } = compilePlan(plan, host, root)
    return openWork(targets, (opened) => placedWork({ placed, targets: opened, customers }, limits), sign)
  }
  const nothing: OpenWork = {
    work: await placedWork({ placed: [], targets: {}, customers: {} }, limits),
    targets: {},
  }
  const last = await readLastPlan(file)
  const first = last
    ? await prepare(last).catch((error) => {
        logger.warn({}, `the last configuration of the server cannot be used: ${messageOf(error)}`)
        return nothing
      })
    : nothing
  const ship = await openAgent(join(state, 'ship.db'), first, options)
  const link = new ServerLink({
    ...{ url, token, ca, host, logger },
    async usePlan(plan) {
      const next = await prepare(plan)
      await withTargets(next.targets, () => keepPlan(file, plan))
      await ship.use(next)
    },
    async dismissed() {
      await rm(file, { force: true })
      await ship.use(nothing)
    },
    report: () => reportOf(ship.agent.state),
  })
  return { ...ship, link }
}
