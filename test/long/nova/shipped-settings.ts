import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const SHIPPED = resolve(import.meta.dirname, '../../../config')

/** The shipped settings for a real cloud, copied, but for streams that are done, which stay; answers their yagi.conf. */
export function copyShippedSettings(folder: string): string {
  const target = join(folder, 'config')
  cpSync(SHIPPED, target, { recursive: true })
  for (const name of globSync('**/winchester.yaml', { cwd: target })) {
    const file = join(target, name)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('purge_completed_streams: true', 'purge_completed_streams: false'))
  }
  return join(target, 'openstack', 'yagi.conf')
}
