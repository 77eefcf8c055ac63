import { resolve } from 'node:path'
import { loadDefinitions } from '../../src/config/load/load-definitions.ts'
import { decodeNotification } from '../../src/distiller/decode-notification.ts'
import { createDistiller } from '../../src/distiller/distiller.ts'
import { recordedDay } from '../support/notifications.ts'
import { printFigure, ratePerSecond } from './figure.ts'

const DEFINITIONS = resolve(import.meta.dirname, '../../config/event_definitions.yaml')
const ROUNDS = 15

/**
 * Notifications per second from the bytes of a message to an event, by the shipped definitions, on one core; beside
 * it the same bytes through JSON.parse alone, which is what no distiller gets around.
 */
export async function benchDistill(): Promise<void> {
  const day = recordedDay()
  const bodies = day.lines.map((line) => Buffer.from(line))
  const distiller = createDistiller(await loadDefinitions(DEFINITIONS, process.env), { catchAll: true })
  const perSecond = ratePerSecond(bodies.length, ROUNDS, () => {
    for (const body of bodies) {
      const decoded = decodeNotification(body)
      if (!decoded.ok || distiller.distil(decoded.notification, 0).kind !== 'event') {
        throw new Error(`the notifications must all become events; ${body.toString().slice(0, 200)} did not`)
      }
    }
  })
  const parsePerSecond = ratePerSecond(bodies.length, ROUNDS, () => {
    for (const body of bodies) JSON.parse(body.toString())
  })
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0)
  printFigure('distill_per_s', perSecond, {
    goal: 40_000,
    json_parse_per_s: Math.round(parsePerSecond),
    of_json_parse: Number((perSecond / parsePerSecond).toFixed(2)),
    notifications: bodies.length,
    mean_bytes: Math.round(bytes / bodies.length),
    data: day.source,
  })
}
