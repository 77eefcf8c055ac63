const BYTES = 16
const PARTS = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/

/** Returns a uuid in lower case as 8-4-4-4-12; the empty text where there are not 16 bytes. */
export function uuidText(uuid: Buffer | undefined): string {
  if (uuid?.length !== BYTES) return ''
  return uuid.toString('hex').replace(PARTS, '$1-$2-$3-$4-$5')
}
