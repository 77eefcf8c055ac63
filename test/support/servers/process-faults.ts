import { setTimeout as delay } from 'node:timers/promises'
import type { Deployment } from '../../../sandbox/servers/deployment.ts'

type Role = 'consumers' | 'workers'

/** Kills one of the consumers or workers, as a power cut would, and starts another in its place. */
export async function replaceProcess(deployment: Deployment, role: Role, index: number): Promise<void> {
  const list = deployment[role]
  const [killed] = list.splice(index % list.length, 1)
  await killed?.stop('SIGKILL')
  startOne(deployment, role)
}

/** Suspends one of the workers for a while, in the middle of whatever it does. */
export async function suspendWorker({ workers }: Deployment, index: number, ms: number): Promise<void> {
  const worker = workers[index % workers.length]
  worker?.send('SIGSTOP')
  await delay(ms)
  worker?.send('SIGCONT')
}

/** Replaces each consumer and worker that has ended by itself. */
export function reviveProcesses(deployment: Deployment): void {
  for (const role of ['consumers', 'workers'] as const) {
    const list = deployment[role]
    for (const ended of list.filter(({ isRunning }) => !isRunning)) {
      list.splice(list.indexOf(ended), 1)
      startOne(deployment, role)
    }
  }
}

function startOne(deployment: Deployment, role: Role): void {
  if (role === 'consumers') deployment.startConsumer()
  else deployment.startWorker()
}
