// Loaded before the sources (`node --import`): says in one sentence what a fresh clone lacks. Plain JavaScript, since
// a Node that is too old cannot read the sources.

import { existsSync } from 'node:fs'

const OLDEST = 24

/** Returns what is missing before the sources can run; undefined when nothing is. */
function missing() {
  if (Number(process.versions.node.split('.')[0]) < OLDEST)
    return `Node ${process.versions.node} is too old, ${OLDEST} or newer is needed; ./sandbox/build.sh -n installs one for this folder`
  if (!existsSync(new URL('../node_modules/commander', import.meta.url)))
    return 'the packages are not installed; run ./sandbox/build.sh -n, or npm ci'
  return undefined
}

const told = missing()
if (told !== undefined) {
  process.stderr.write(`stacktach: ${told}\n`)
  process.exit(1)
}
