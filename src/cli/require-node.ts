import { existsSync, readFileSync } from 'node:fs'

/**
 * Ends the process with one sentence when Node is too old for the package, or when its packages are missing. It is called
 * before anything else is imported, and imports nothing but Node's own modules.
 */
export function requireNode(program: string): void {
  const fault = faultOf()
  if (fault === undefined) return
  process.stderr.write(`${program}: ${fault}\n`)
  process.exit(1)
}

function faultOf(): string | undefined {
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const oldest = Number(/\d+/.exec(engines.node)?.[0])
  if (Number(process.versions.node.split('.')[0]) < oldest)
    return `Node ${process.versions.node} is too old, ${oldest} or newer is needed`
  return isInstalled('commander') ? undefined : 'its packages are not installed; run npm ci in its folder'
}

/** Whether a package is in a node_modules that this file can see. */
function isInstalled(name: string): boolean {
  let folder = new URL('../../', import.meta.url)
  for (;;) {
    if (existsSync(new URL(`node_modules/${name}/package.json`, folder))) return true
    const parent = new URL('../', folder)
    if (parent.href === folder.href) return false
    folder = parent
  }
}
