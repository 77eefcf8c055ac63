import type { RestShipHost } from '../../formats/ship-form.ts'

/** What agents and servers of this version say to each other; an agent of another one is sent `redeploy`. */
export const PROTOCOL = 'stv3-1'

/** What a host is sent, by the type of the message. */
export type HostPlan = {
  readonly configuration: {
    readonly datacenter_name: string
    readonly user?: string | undefined
    readonly node: string
    readonly customers: { readonly [uuid: string]: string }
  }
  /** log sets as hermes sends them, and the root of their zone */
  readonly logsets: readonly object[]
  /** settings by name; those that are presigned have their kind only */
  readonly targets: { readonly [name: string]: object }
}

/** What an agent says of itself, as `GET /v1/ship` has it, but with times in milliseconds since the epoch. */
export type HostReport = Omit<RestShipHost, 'host' | 'connected' | 'last_contact' | 'oldest'> & {
  readonly oldest: { readonly path: string; readonly due_at: number | null; readonly error: string } | null
}

/** Returns the message in a text: an object with a type; undefined for any other text. */
export function parseMessage(
  text: string,
): { readonly type: string; readonly [key: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    const { type } = value as { type?: unknown }
    return typeof type === 'string' ? { ...value, type } : undefined
  } catch {
    return undefined
  }
}
