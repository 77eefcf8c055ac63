import type { PlacedSet } from '../log-sets/select-sets.ts'
import { ANY_ZONE } from '../log-sets/select-sets.ts'
import { pathsMatching } from './search-paths.ts'

/**
 * Returns log sets with those of a pattern of zones replaced by one for each zone that is there: a folder whose path matches the root, in
 * which `*` stands for the name of the zone.
 */
export function expandZones(placed: readonly PlacedSet[]): PlacedSet[] {
  return placed.flatMap((one) => (one.place.zone === ANY_ZONE ? zonesOf(one) : [one]))
}

function zonesOf(placed: PlacedSet): PlacedSet[] {
  const at = placed.root.split('/').findIndex((part) => part.includes('*'))
  if (at < 0) return []
  return pathsMatching('', placed.root).map((root) => {
    const zone = root.split('/')[at] as string
    return {
      ...placed,
      name: `${placed.set.name.replace(/@\*$/, '')}@${zone}`,
      root,
      place: { ...placed.place, zone, node: zone },
    }
  })
}
