import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const SHIPPED = resolve(import.meta.dirname, '../../config')

/**
 * Copies the shipped configuration into a folder and applies replacements to its files. Returns the path of
 * its yagi.conf.
 */
export function copyConfig(folder: string, changes: readonly (readonly [RegExp, string])[]): string {
  const target = join(folder, 'config')
  cpSync(SHIPPED, target, { recursive: true })
  for (const name of ['yagi.conf', 'winchester.yaml', 'triggers.yaml', 'pipelines.yaml']) {
    const file = join(target, name)
    const text = changes.reduce(
      (changed, [from, to]) => changed.replaceAll(from, to),
      readFileSync(file, 'utf8'),
    )
    writeFileSync(file, text)
  }
  return join(target, 'yagi.conf')
}
