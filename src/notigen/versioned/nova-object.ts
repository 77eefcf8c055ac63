import type { JsonObject } from '../../domain/notification.ts'

/** Wraps data as a versioned object of Nova's notifications. Source: nova/notifications/objects/base.py. */
export function novaObject(name: string, version: string, data: JsonObject): JsonObject {
  return {
    'nova_object.name': name,
    'nova_object.namespace': 'nova',
    'nova_object.version': version,
    'nova_object.data': data,
  }
}
