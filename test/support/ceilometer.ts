import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const DEFINITIONS = 'usr/lib/python3/dist-packages/ceilometer/pipeline/data/event_definitions.yaml'

/**
 * Fetches the event_definitions.yaml that OpenStack Ceilometer ships, out of Debian's package (which is not
 * installed) into an empty folder. Throws where apt-get cannot fetch it.
 */
export function fetchCeilometerDefinitions(folder: string): string {
  const run = (program: string, args: readonly string[]) =>
    execFileSync(program, args, { cwd: folder, stdio: 'pipe', timeout: 60_000 })
  run('apt-get', ['download', 'python3-ceilometer'])
  const [archive] = readdirSync(folder)
  run('dpkg-deb', ['-x', join(folder, archive as string), folder])
  return join(folder, DEFINITIONS)
}
