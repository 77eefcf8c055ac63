/**
 * Returns a script that runs a command in a root of its own: `$1` is a Debian, which stays as it is, and `$2` the folder
 * that holds what is changed (`upper`, `work`, `root`). To be run in name spaces of its own.
 */
export function overlayRoot(command: string): string {
  return `
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mount -t proc proc "$2/root/proc"
mount -t tmpfs tmpfs "$2/root/run"
mount --rbind /dev "$2/root/dev"
exec chroot "$2/root" ${command}
`
}
