import type { AgentWork } from '../../ship/agent/agent.ts'
import { closeTargets, openTargets, type SignFor, type Targets } from './open-targets.ts'

/** What an agent ships, and the targets that are open for it. */
export type OpenWork = { readonly work: AgentWork; readonly targets: Targets }

/** Opens targets and builds what ships to them. The targets are closed again where that fails, and the promise rejects. */
export async function openWork(
  settings: Parameters<typeof openTargets>[0],
  build: (targets: Targets) => Promise<AgentWork>,
  sign?: SignFor,
): Promise<OpenWork> {
  const targets = await openTargets(settings, sign)
  return withTargets(targets, async () => ({ work: await build(targets), targets }))
}

/** Does what takes over targets; they are closed where it fails. */
export async function withTargets<T>(targets: Targets, take: () => Promise<T>): Promise<T> {
  try {
    return await take()
  } catch (error) {
    await closeTargets(targets)
    throw error
  }
}
