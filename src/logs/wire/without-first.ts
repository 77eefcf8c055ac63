/** Returns buffers without so many of their first bytes, and without those that are empty then. */
export function withoutFirst(buffers: readonly Buffer[], count: number): Buffer[] {
  let left = count
  return buffers.flatMap((buffer) => {
    const rest = buffer.subarray(left)
    left = Math.max(0, left - buffer.length)
    return rest.length > 0 ? [rest] : []
  })
}
