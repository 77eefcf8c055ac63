import { dirname } from 'node:path/posix'

/** A package-lock.json, as far as it is read here. */
export type Lockfile = {
  readonly packages: {
    readonly [path: string]: {
      readonly version?: string
      readonly license?: string
      readonly dependencies?: { readonly [name: string]: string }
      readonly optionalDependencies?: { readonly [name: string]: string }
    }
  }
}

/**
 * Returns the folders of all packages that the package needs to run, such as `node_modules/kysely`, in order of their
 * names. Packages with types alone are left out where `types` is false. Throws where the lockfile lacks one.
 */
export function productionPackages(lockfile: Lockfile, { types }: { types: boolean }): readonly string[] {
  const found = new Set<string>()
  const waiting = ['']
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const name of Object.keys(lockfile.packages[path]?.dependencies ?? {})) {
      if (!types && name.startsWith('@types/')) continue
      const target = folderOf(lockfile, name, path)
      if (found.has(target)) continue
      found.add(target)
      waiting.push(target)
    }
  }
  return [...found].sort()
}

/** Returns the folder that Node finds a package in, from the folder of the one that imports it. */
function folderOf(lockfile: Lockfile, name: string, from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const base = folder === '' || folder === '.' ? '' : `${folder}/`
    const target = `${base}node_modules/${name}`
    if (lockfile.packages[target]) return target
    if (base === '') throw new Error(`package-lock.json has no ${name}, which ${from || 'the package'} needs`)
  }
}
