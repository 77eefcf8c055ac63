import { messageOf } from '../domain/errors.ts'
import { sleep } from '../runtime/backoff.ts'

/** Returns why a part cannot do its work now; undefined when it can. A rejection is a reason too. */
export type HealthCheck = () => string | undefined | Promise<string | undefined>

/** Returns what hinders a part of the work, while the process as a whole can do its own. */
export type HealthRemarks = () => readonly string[]

/** Longest time of a check, ms; when it takes longer its part counts as not ready. */
const PATIENCE_MS = 5000

/**
 * The health checks of a process; each part adds its own.
 *
 * @example
 * health.add('database', async () => (await ping()) ? undefined : 'the database does not answer')
 * await health.hindrance() // undefined, or the first reason
 *
 */
export class Health {
  readonly #checks = new Map<string, HealthCheck>()
  readonly #remarks: HealthRemarks[] = []

  /** Adds the check of a part, or replaces it. */
  add(part: string, check: HealthCheck): void {
    this.#checks.set(part, check)
  }

  /** Adds remarks of a part. They do not make the process unready. */
  addRemarks(remarks: HealthRemarks): void {
    this.#remarks.push(remarks)
  }

  /** Returns the remarks of all parts. */
  remarks(): readonly string[] {
    return this.#remarks.flatMap((remarks) => remarks())
  }

  /** Returns why the process cannot work now. The check added last runs first, since it knows most. */
  async hindrance(): Promise<string | undefined> {
    for (const [part, check] of [...this.#checks].reverse()) {
      const reason = await reasonOf(part, check)
      if (reason !== undefined) return reason
    }
    return undefined
  }
}

async function reasonOf(part: string, check: HealthCheck): Promise<string | undefined> {
  const answered = new AbortController()
  const silence = sleep(PATIENCE_MS, answered.signal).then(
    () => `the ${part} has not answered for ${PATIENCE_MS / 1000} s`,
  )
  try {
    return await Promise.race([check(), silence])
  } catch (error) {
    return `the ${part} does not answer: ${messageOf(error)}`
  } finally {
    answered.abort()
  }
}
