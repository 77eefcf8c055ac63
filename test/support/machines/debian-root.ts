import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from './run.ts'

/** Where roots are kept between runs: making one takes minutes. */
const CACHE = process.env.STACKTACH_TEST_CACHE ?? '/var/cache/stacktach-test'

export type Recipe = {
  /** installed by debootstrap */
  readonly base: readonly string[]
  /** installed afterwards */
  readonly packages: readonly string[]
  /** fetched, not installed: the machines have no network to fetch them from */
  readonly fetched: readonly string[]
}

/**
 * Returns the folder of a bare Debian, of the release and the mirror of this machine. It is made once for each recipe,
 * and must not be written to.
 */
export function debianRoot(recipe: Recipe): string {
  const codename = /VERSION_CODENAME=(\w+)/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? ''
  const name = createHash('sha256')
    .update(JSON.stringify([codename, recipe]))
    .digest('hex')
  const root = join(CACHE, `root-${name.slice(0, 12)}`)
  if (existsSync(root)) return root
  mkdirSync(CACHE, { recursive: true })
  const part = mkdtempSync(join(CACHE, 'part-'))
  try {
    const include = recipe.base.join(',')
    must('debootstrap', '--variant=minbase', `--include=${include}`, codename, part, mirror())
    const apt = ['chroot', part, 'apt-get', '-qy', '-o', 'Dpkg::Use-Pty=0', '--no-install-recommends']
    // Services of packages are not started while the root is made.
    writeFileSync(join(part, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 })
    const env = ['env', 'DEBIAN_FRONTEND=noninteractive']
    if (recipe.packages.length > 0) must(...program([...env, ...apt, 'install', ...recipe.packages]))
    rmSync(join(part, 'usr/sbin/policy-rc.d'))
    if (recipe.fetched.length > 0)
      must(...program([...env, ...apt, 'install', '--download-only', ...recipe.fetched]))
    renameSync(part, root)
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
  return root
}

function program([command = '', ...args]: readonly string[]): [string, ...string[]] {
  return [command, ...args]
}

/** Returns the mirror that this machine takes its own packages from. */
function mirror(): string {
  const lines = must('apt-get', 'indextargets', '--format', '$(REPO_URI) $(SUITE)', 'Created-By: Packages')
  const [first = ''] = lines.split('\n').filter((line) => !/security|updates|backports/.test(line))
  return first.split(' ')[0] ?? ''
}
