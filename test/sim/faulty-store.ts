import { TransientError } from '../../src/domain/errors.ts'
import type { Batch } from '../../src/store/ports/intake.ts'
import type { Store } from '../../src/store/store.ts'
import { isRefused } from './workload.ts'
import type { Process, World } from './world.ts'

/** A store as one process sees it: late, now and then away, and at times it does what it says has failed. */
export function faultyStore(store: Store, process: Process, world: World): Store {
  return new Proxy(store, {
    get(target, name: keyof Store) {
      const method = target[name] as (...args: unknown[]) => Promise<unknown>
      if (name === 'encode' || typeof method !== 'function') return method
      return async (...args: unknown[]) => {
        await world.passTime(process)
        if (name === 'storeBatch') refuse(args[0] as Batch)
        if (world.isStoreAway || world.happens('failsBefore'))
          throw new TransientError(`${name} failed before it was done`)
        const result = await method.apply(target, args)
        world.isDirty = true
        if (world.happens('crashesAfter')) world.crash(process)
        const isLost = world.happens('failsAfter')
        await world.passTime(process)
        if (isLost) throw new TransientError(`${name} failed after it was done`)
        return result
      }
    },
  })
}

/** What a database says of values that it does not take. */
function refuse({ arrivals }: Batch): void {
  if (arrivals.some(({ event }) => isRefused(event.messageId))) throw new Error('the values are refused')
}
