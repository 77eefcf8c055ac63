import { compileFieldPath } from '../../src/distiller/field-path.ts'
import type { JsonValue } from '../../src/domain/notification.ts'
import { recordedDay } from '../support/notifications.ts'
import { printFigure, ratePerSecond } from './figure.ts'

const ROUNDS = 15

type Reader = (document: { payload?: { [name: string]: JsonValue } }) => JsonValue | undefined

/** The same fields, read by compiled paths and by hand, with the same care for what is missing. */
const FIELDS: { readonly [path: string]: Reader } = {
  'payload.instance_id': ({ payload }) => payload?.instance_id ?? undefined,
  'payload.state': ({ payload }) => payload?.state ?? undefined,
  'payload.memory_mb': ({ payload }) => payload?.memory_mb ?? undefined,
  "payload.image_meta.'org.openstack__1__os_version'": ({ payload }) =>
    (payload?.image_meta as { [name: string]: JsonValue } | undefined)?.['org.openstack__1__os_version'] ??
    undefined,
}

/** Reads of plain dotted paths per second, over the same property reads written by hand. */
export function benchPaths(): void {
  const documents = recordedDay().lines.map((line) => JSON.parse(line))
  const paths = Object.keys(FIELDS).map((text) => compileFieldPath(text))
  const byHand = Object.values(FIELDS)
  const count = documents.length * paths.length
  let found = 0
  const perSecond = ratePerSecond(count, ROUNDS, () => {
    for (const document of documents) for (const path of paths) if (path.findFirst(document)) found++
  })
  const byHandPerSecond = ratePerSecond(count, ROUNDS, () => {
    for (const document of documents) for (const read of byHand) if (read(document)) found++
  })
  printFigure('path_reads_per_s', perSecond, {
    by_hand_per_s: Math.round(byHandPerSecond),
    of_by_hand: Number((perSecond / byHandPerSecond).toFixed(2)),
    found: Math.round(found / (2 * (ROUNDS + 1))),
  })
}
