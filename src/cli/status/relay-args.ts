/** Flags of hermes' stand-alone program that take a value, and those that are on or off. */
const VALUES = ['serveraddr', 'parenturl', 'ourname', 'children']
const SWITCHES = ['parentfromenv', 'pushtoparent', 'generate_fake_keys']
/** Options of this program that take a value, or none. */
const OWN_VALUES = ['tokens', 'log-level', 'log-format']

export type RelayArgs = {
  readonly args: readonly string[]
  /** whether help was asked for as hermes takes it, which prints it on standard error */
  readonly isOriginalHelp: boolean
}

/**
 * Rewrites arguments as hermes takes them: flags have one dash or two, a switch has its value behind `=` only, an empty
 * value is as none, and everything from the first argument that is no flag is ignored.
 *
 * @example
 * relayArgs(['-ourname', 'east', '-pushtoparent=false']).args // ['--ourname=east', '--pushtoparent=false']
 */
export function relayArgs(given: readonly string[]): RelayArgs {
  const args: string[] = []
  for (let at = 0; at < given.length; at++) {
    const [, dashes, name = '', value] = /^(--?)([^-=][^=]*)(?:=([\s\S]*))?$/.exec(given[at] as string) ?? []
    if (dashes === undefined) break
    if (dashes === '-' && (name === 'h' || name === 'help' || name === '?'))
      return { args: [], isOriginalHelp: true }
    if (SWITCHES.includes(name)) args.push(`--${name}=${value ?? 'true'}`)
    else if (![...VALUES, ...OWN_VALUES].includes(name))
      args.push(/^[A-Za-z]$/.test(name) ? `-${name}` : `--${name}${value === undefined ? '' : `=${value}`}`)
    else if (value !== undefined) args.push(...(value === '' ? [] : [`--${name}=${value}`]))
    else {
      const next = given[++at]
      if (next === undefined) args.push(`--${name}`)
      else if (next !== '') args.push(`--${name}=${next}`)
    }
  }
  return { args, isOriginalHelp: false }
}
