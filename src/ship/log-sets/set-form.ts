import { DEFAULT_DEBOUNCE_S } from './log-set-config.ts'
import type { PlacedSet } from './select-sets.ts'

/** Returns a log set as hermes sends it to its agents: with the zone in place of the roles, and with defaults. */
export function setForm({ name, set, place, zoneRoot }: PlacedSet): object {
  const { zones: _, hosts: __, name: ___, debounce_time, retain_time, regex: ____, ...rest } = set.definition
  const given = Object.entries(rest).filter(([, value]) => value !== null && value !== undefined)
  return {
    name,
    zonename: place.zone,
    zonerole: place.role,
    regex: set.regex.source,
    ...Object.fromEntries(given),
    ...(zoneRoot === undefined ? {} : { root: zoneRoot }),
    debounce_time: debounce_time || DEFAULT_DEBOUNCE_S,
    retain_time: retain_time ?? 0,
  }
}
