/** A value of a JSON document. Integers that a double cannot hold exactly are bigints. */
export type JsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

export type JsonObject = { readonly [key: string]: JsonValue }

/** The raw message from the bus, without its oslo.messaging envelope. */
export type Notification = JsonObject & {
  readonly event_type: string
  readonly message_id: string
}

/** Whether a value is a JSON object: not null, and not a list. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
