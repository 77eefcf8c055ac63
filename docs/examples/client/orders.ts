import { createClient } from 'stacktach/client'

/** Describes each order that has a stream, the newest first, a line each. */
export async function describeOrders(url: string): Promise<string[]> {
  const client = createClient({ url })
  const lines: string[] = []
  for await (const stream of client.streams({ triggerName: 'order' })) {
    const orderId = String(stream.distinguishing_traits.order_id)
    if (stream.state !== 'completed') {
      lines.push(`${orderId} ${stream.state}, since ${stream.first_event?.datetime}`)
      continue
    }
    const [summary] = await client.listEvents({
      eventName: 'order.completed',
      traits: { order_id: orderId },
    })
    if (!summary) lines.push(`${orderId} was not completed in time`)
    else lines.push(`${orderId} completed after ${summary.hours} hours, ${Number(summary.total_cents) / 100}`)
  }
  return lines
}

if (import.meta.main) {
  const [url = 'http://127.0.0.1:8000'] = process.argv.slice(2)
  for (const line of await describeOrders(url)) console.log(line)
}
