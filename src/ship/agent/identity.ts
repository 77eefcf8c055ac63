import type { BigIntStats } from 'node:fs'

/** Which file it is, and as of when: device, inode, size, and the times of content and inode in nanoseconds. */
export type Identity = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>

/** Returns the text of an identity: equal only for the same file without any change. */
export function identityText({ dev, ino, size, mtimeNs, ctimeNs }: Identity): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
}

/** Returns whether two identities are of the same file without any change. */
export function isUnchanged(one: Identity, other: Identity): boolean {
  return isMoved(one, other) && one.ctimeNs === other.ctimeNs
}

/** Returns whether two identities are of the same file with the same content, perhaps under another name: moving sets ctime. */
export function isMoved(one: Identity, other: Identity): boolean {
  return (
    one.dev === other.dev && one.ino === other.ino && one.size === other.size && one.mtimeNs === other.mtimeNs
  )
}
