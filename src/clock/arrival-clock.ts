import type { Micros } from '../domain/time.ts'
import type { Logger } from '../runtime/logger.ts'
import { describeLag } from './describe-lag.ts'
import { type IntakeClock, wallClock } from './event-clock.ts'
import { CURRENT, QueuePosition } from './queue-position.ts'

const machineNow = () => performance.now()

/**
 * Returns a clock for what comes by itself, without a consumer that reports: events of long ago join their streams at their
 * own time, as with `clock: auto`.
 */
export function createArrivalClock(wallNow: () => Micros = wallClock.now): IntakeClock {
  const positions = createPositions(wallNow, () => wallNow() / 1000)
  return {
    ...wallClock,
    now: wallNow,
    timeOf: (queue) => positions(queue).position() ?? wallNow(),
    arrive: (queue, timestamp) => positions(queue).arrive(timestamp),
  }
}

/**
 * Returns the wall clock of a consumer with `clock: wall`, which logs when a queue holds notifications of long ago: their
 * streams expire as soon as they are opened.
 */
export function createWatchedWallClock(logger: Logger): IntakeClock {
  const positions = createPositions(wallClock.now, machineNow)
  const behind = new Set<string>()
  return {
    ...wallClock,
    arrive(queue, timestamp) {
      const position = positions(queue)
      position.arrive(timestamp)
      if (position.isBehind && !behind.has(queue)) {
        behind.add(queue)
        const lag = describeLag(Math.max(CURRENT, wallClock.now() - timestamp), 'wall')
        logger.warn({ queue }, `queue ${queue} is ${lag}`)
      } else if (!position.isBehind) behind.delete(queue)
      return wallClock.now()
    },
  }
}

function createPositions(wallNow: () => Micros, now: () => number): (queue: string) => QueuePosition {
  const positions = new Map<string, QueuePosition>()
  return (queue) => {
    const position = positions.get(queue) ?? new QueuePosition({ wallNow, machineNow: now })
    positions.set(queue, position)
    return position
  }
}
