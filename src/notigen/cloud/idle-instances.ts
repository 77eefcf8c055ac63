import type { Instance } from '../instance/instance.ts'
import type { VmState } from '../operations/instance-states.ts'
import type { Needs } from '../operations/operation.ts'
import type { Random } from '../random.ts'

const TRIES = 4

/** Idle instances by state. Taking one costs the same however many there are. */
export class IdleInstances {
  readonly #byState = new Map<VmState, Instance[]>()

  add(instance: Instance): void {
    const list = this.#byState.get(instance.state)
    if (list) list.push(instance)
    else this.#byState.set(instance.state, [instance])
  }

  hasAny(states: readonly VmState[]): boolean {
    return states.some((state) => (this.#byState.get(state)?.length ?? 0) > 0)
  }

  /**
   * Removes and returns a random instance in one of the states. Returns undefined when a few tries found none
   * that meets the needs.
   */
  take(states: readonly VmState[], needs: Needs, random: Random): Instance | undefined {
    const lists = states.map((state) => this.#byState.get(state) ?? [])
    const count = lists.reduce((sum, { length }) => sum + length, 0)
    for (let tries = 0; tries < TRIES && count > 0; tries++) {
      let index = random.int(0, count - 1)
      for (const list of lists) {
        const instance = list[index]
        if (instance) {
          if (!fits(instance, needs)) break
          list[index] = list[list.length - 1] as Instance
          list.pop()
          return instance
        }
        index -= list.length
      }
    }
    return undefined
  }
}

function fits({ volume, launchedAt }: Instance, needs: Needs): boolean {
  if (needs.launched && launchedAt === undefined) return false
  return needs.volume === undefined || (needs.volume === 'attached') === (volume !== undefined)
}
