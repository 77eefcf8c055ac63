import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Returns the licences of packages in one text: name, version, licence and the text that the package brings. Throws where a package
 * names no licence.
 */
export function licencesOf(root: string, folders: readonly string[]): string {
  return folders.map((folder) => licenceOf(join(root, folder))).join(`\n${'='.repeat(78)}\n\n`)
}

function licenceOf(folder: string): string {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  if (typeof license !== 'string') throw new Error(`${folder}/package.json names no license`)
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trimEnd())
  const by = typeof author === 'string' ? author : (author?.name ?? 'its authors')
  const told =
    texts.length > 0 ? texts.join('\n\n') : `Copyright: ${by}. The package brings no text of its licence.`
  return `${name} ${version}\nLicence: ${license}\n\n${told}\n`
}
