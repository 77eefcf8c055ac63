import { createHash } from 'node:crypto'

const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i
const NIL = '00000000-0000-0000-0000-000000000000'

/**
 * Returns the name-based UUID (RFC 9562, version 5) of `name` in the namespace of another id. A namespace
 * that is no UUID is replaced by the UUID of its text in the nil namespace.
 */
export function uuid5(namespace: string, name: string): string {
  return UUID.test(namespace) ? fromName(namespace, name) : fromName(fromName(NIL, namespace), name)
}

function fromName(namespace: string, name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
