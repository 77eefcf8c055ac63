/** Returns an ETag without its quotes, in lower case as digests are; empty where there is none. */
export function plainEtag(etag: string | null | undefined): string {
  return (etag ?? '').replaceAll('"', '').toLowerCase()
}
