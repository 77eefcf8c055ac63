import { recordedDay } from '../../support/notifications.ts'

const UUID = /\b([0-9a-f]{4})([0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b/g

/** So many bodies: the recorded day again and again, each time with other ids of messages, instances and requests. */
export function manyBodies(count: number): Buffer[] {
  const { lines } = recordedDay()
  const bodies: Buffer[] = []
  for (let round = 0; bodies.length < count; round++) {
    for (const line of lines.slice(0, count - bodies.length)) bodies.push(Buffer.from(otherIds(line, round)))
  }
  return bodies
}

function otherIds(line: string, round: number): string {
  if (round === 0) return line
  return line.replace(
    UUID,
    (_, head: string, rest: string) =>
      (Number.parseInt(head, 16) ^ round).toString(16).padStart(4, '0') + rest,
  )
}
