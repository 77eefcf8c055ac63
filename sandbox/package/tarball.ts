import { run } from './run.ts'

/** Names of a folder, and the file that they are packed into. `seconds` is the time that all of them get. */
export type Packed = {
  readonly folder: string
  readonly names: readonly string[]
  readonly file: string
  readonly seconds: number
}

/** Packs so that the same files make the same bytes: sorted, of root, with one time and with modes of two kinds. */
export function writeTar({ folder, names, file, seconds }: Packed): void {
  const order = ['--sort=name', '--format=gnu', `--mtime=@${seconds}`, '--mode=u+w,go-w']
  const owner = ['--owner=root:0', '--group=root:0', '--numeric-owner']
  run('tar', ['-C', folder, ...order, ...owner, '-cf', file, ...names])
}

/** Packs as writeTar does, and compresses. */
export function writeTarball(packed: Packed): void {
  const tar = `${packed.file}.tar`
  writeTar({ ...packed, file: tar })
  compressFile(tar, packed.file)
}

/** Replaces a file by its compressed form under another name, without the file's name and time in it. */
export function compressFile(from: string, to: string): void {
  run('sh', ['-c', 'gzip -n -6 <"$0" >"$1" && rm "$0"', from, to])
}
