export type Section = { readonly [key: string]: string | number | boolean }
export type Ini = { readonly [section: string]: Section }

/** Formats an INI file, with booleans as Python writes them. */
export function iniText(ini: Ini): string {
  return Object.entries(ini)
    .map(([section, keys]) => `[${section}]\n${Object.entries(keys).map(line).join('')}`)
    .join('\n')
}

function line([key, value]: [string, string | number | boolean]): string {
  const text = typeof value === 'boolean' ? (value ? 'True' : 'False') : value
  return `${key} = ${text}\n`
}
