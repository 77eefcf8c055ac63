import { run } from './run.ts'

/** Packs a folder so that the same files make the same bytes: sorted, of root, with one time and with modes of two kinds. */
export function writeTarball(parent: string, folder: string, file: string, seconds: number): void {
  const order = ['--sort=name', '--format=gnu', `--mtime=@${seconds}`, '--mode=u+w,go-w']
  const owner = ['--owner=root:0', '--group=root:0', '--numeric-owner']
  run('tar', ['-C', parent, ...order, ...owner, '--use-compress-program=gzip -n -6', '-cf', file, folder])
}
