import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const DEFINITIONS = 'usr/lib/python3/dist-packages/ceilometer/pipeline/data/event_definitions.yaml'

/**
 * Downloads the event_definitions.yaml of OpenStack Ceilometer into an empty folder and returns its path. It
 * is unpacked from Debian's package, which is not installed. Throws when apt-get cannot download it.
 */
export function fetchCeilometerDefinitions(folder: string): string {
  const run = (program: string, args: readonly string[]) =>
    execFileSync(program, args, { cwd: folder, stdio: 'pipe', timeout: 60_000 })
  run('apt-get', ['download', 'python3-ceilometer'])
  const [archive] = readdirSync(folder)
  run('dpkg-deb', ['-x', join(folder, archive as string), folder])
  return join(folder, DEFINITIONS)
}
