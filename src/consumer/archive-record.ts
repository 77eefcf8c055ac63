import type { ArchiveRecord, Metadata } from '../archive/archive.ts'
import type { Delivery } from '../broker/broker.ts'
import { formatIso } from '../domain/time.ts'
import { stringifyJson } from '../text/json.ts'

/** Makes the record of a message for the archive. The time of receipt is now. */
export function archiveRecord(delivery: Delivery, isJson: boolean): ArchiveRecord {
  const receivedAt = Date.now() * 1000
  return { body: delivery.body, isJson, metadata: () => metadataOf(delivery, receivedAt) }
}

/**
 * Returns the facts about a message beside its body. Of the properties those that were set are there, under their
 * names in AMQP; headers are JSON.
 */
function metadataOf(delivery: Delivery, receivedAt: number): Metadata {
  const { queue, exchange, routingKey, redelivered, properties } = delivery
  const facts = {
    queue,
    exchange,
    routing_key: routingKey,
    received_at: formatIso(receivedAt, 'six'),
    redelivered,
    content_type: properties.contentType,
    content_encoding: properties.contentEncoding,
    headers: properties.headers,
    delivery_mode: properties.deliveryMode,
    priority: properties.priority,
    correlation_id: properties.correlationId,
    reply_to: properties.replyTo,
    expiration: properties.expiration,
    message_id: properties.messageId,
    timestamp: properties.timestamp,
    type: properties.type,
    user_id: properties.userId,
    app_id: properties.appId,
  }
  return Object.entries(facts).flatMap(([name, value]) => {
    if (value === undefined) return []
    return [[name, typeof value === 'object' ? stringifyJson(value) : String(value)] as const]
  })
}
