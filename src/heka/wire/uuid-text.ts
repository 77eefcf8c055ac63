const BYTES = 16

/** Returns a uuid in lower case as 8-4-4-4-12; the empty text where there are not 16 bytes. */
export function uuidText(uuid: Buffer | undefined): string {
  if (uuid?.length !== BYTES) return ''
  const hex = uuid.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
