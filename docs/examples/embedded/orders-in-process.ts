import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { openEngine } from 'stacktach/engine'

const SHOP = resolve(import.meta.dirname, '../a-service-that-is-not-openstack')

/** Returns what became of each order of a file of notifications, a line each, in order of its first message. */
export async function ordersOf(file: string, config = `${SHOP}/winchester.yaml`): Promise<string[]> {
  const engine = await openEngine({ config, database: 'sqlite::memory:' })
  try {
    const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
    const { refused } = await engine.add(lines)
    if (refused.length > 0) throw new Error(`line ${(refused[0]?.index ?? 0) + 1}: ${refused[0]?.reason}`)
    await engine.runDue()
    const streams = await engine.streams({ name: 'order' })
    return streams.map(({ state, distinguishingTraits, eventCount, expireTimestamp, fireTimestamp }) => {
      const end = fireTimestamp === null && expireTimestamp !== null ? 'expired' : 'complete'
      const { order_id: id } = distinguishingTraits
      return `${id?.type === 'text' ? id.value : '-'} ${end}, ${eventCount} events, ${state}`
    })
  } finally {
    await engine.close()
  }
}

if (import.meta.main) {
  for (const line of await ordersOf(process.argv[2] ?? `${SHOP}/orders.jsonl`)) console.log(line)
}
