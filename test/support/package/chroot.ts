/** A place within a root file system, and who runs there. */
export type Chroot = {
  readonly root: string
  /** UID:GID; root unless given */
  readonly user?: string
  /** folder to run in; `/` unless given */
  readonly folder?: string
  /**
   * folders in which may be written, by their path in the root, and the folders of this machine that stand for them; all of
   * the root unless given
   */
  readonly writable?: { readonly [path: string]: string }
}

/**
 * Returns a command that runs in a root file system, with processes and devices of this machine. It keeps its process id;
 * the mounts are its own and end with it.
 */
export function inChroot(
  { root, user = '0:0', folder = '/', writable }: Chroot,
  command: readonly string[],
): string[] {
  const quoted = (path: string) => `'${path}'`
  const mounts = [
    ...(writable ? [`mount --bind ${quoted(root)} ${quoted(root)}`] : []),
    `mount -t proc proc ${quoted(`${root}/proc`)}`,
    `mount --rbind /dev ${quoted(`${root}/dev`)}`,
    ...Object.entries(writable ?? {}).map(
      ([path, source]) => `mount --bind ${quoted(source)} ${quoted(`${root}${path}`)}`,
    ),
    ...(writable ? [`mount -o remount,bind,ro ${quoted(root)}`] : []),
  ]
  const enter = `exec chroot --userspec=${user} --groups= ${quoted(root)} /usr/bin/env -C ${quoted(folder)} "$@"`
  const script = `${mounts.join(' && ')} && ${enter}`
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...command]
}
