import type { Event } from '../../domain/event.ts'
import { isJsonObject, type JsonValue } from '../../domain/notification.ts'

/** A field of a payload that holds an id, and its value. */
export type IdField = { readonly path: string; readonly value: string }

/** Deepest level of a payload that is searched. The ids of the resource stand near the top. */
const DEEPEST = 4

const ID_NAME = /^(id|uuid)$|_(id|uuid)$/i

/** Names of ids that do not identify the resource: those of the requester, the call or the kind. */
const OTHER_NAME =
  /^(tenant|project|user|request|global_request|reservation|domain|owner|audit|trustor|trustee|type|instance_type|flavor|instance_flavor|kernel|ramdisk|service|region)_(id|uuid)$/i

/** Names of parts that describe the call and not the resource. */
const OTHER_PART = /^(_?context|initiator|observer|service_catalog|image_meta|metadata|system_metadata)$/i

/** Returns the ids in a payload that may identify the resource it is about. */
export function idFields(payload: JsonValue | undefined): IdField[] {
  return collect(payload, 'payload', 1)
}

function collect(value: JsonValue | undefined, path: string, depth: number): IdField[] {
  if (depth > DEEPEST) return []
  // The first element represents all elements of a list.
  if (Array.isArray(value)) return collect(value[0] as JsonValue | undefined, `${path}[0]`, depth + 1)
  if (!isJsonObject(value)) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = `${path}.${/^[A-Za-z_][\w-]*$/.test(name) ? name : `'${name}'`}`
    if (ID_NAME.test(name) && !OTHER_NAME.test(name)) return idOf(inner, at)
    return OTHER_PART.test(name) ? [] : collect(inner as JsonValue, at, depth + 1)
  })
}

function idOf(value: JsonValue | undefined, path: string): IdField[] {
  const isId = (typeof value === 'string' && value !== '') || typeof value === 'number'
  return isId ? [{ path, value: String(value) }] : []
}

/** Whether at least one trait holds one of the ids. */
export function hasId({ traits }: Event, ids: readonly IdField[]): boolean {
  const values = Object.values(traits).map(({ value }) => String(value))
  return ids.some((id) => values.includes(id.value))
}
