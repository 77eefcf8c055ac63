import type { LogSet, Place } from './log-set.ts'
import { GLOBAL } from './log-set-config.ts'

/** Folder in which the paths of a zone begin, where neither the zone nor the log set says another. */
const DEFAULT_ZONE_ROOT = '/zones/%z/root'

/** A zone, container or jail of a host. */
export type Zone = {
  readonly uuid: string
  readonly role: string
  /** the folder in which its paths begin; undefined for that of the log set, or the default */
  readonly root?: string | undefined
}

/** A host: what targets say of it, and the folder in which its paths begin. */
export type Host = {
  readonly user: string | undefined
  readonly datacenter: string | undefined
  readonly node: string
  readonly root: string
}

/** A log set for one zone, or for the host. */
export type PlacedSet = {
  /** `NAME`, and `NAME@UUID` for a zone */
  readonly name: string
  readonly set: LogSet
  /** the folder in which its paths begin, without a slash at the end: empty for `/` */
  readonly root: string
  readonly place: Place
}

/**
 * Returns the log sets that apply to a host: each for the host itself where it names `global`, then for each zone whose
 * role it names. Roles are compared exactly.
 */
export function selectSets(sets: readonly LogSet[], host: Host, zones: readonly Zone[]): PlacedSet[] {
  return sets.flatMap((set) => [
    ...(set.zones.includes(GLOBAL) ? [onHost(set, host)] : []),
    ...zones.filter(({ role }) => set.zones.includes(role)).map((zone) => inZone(set, host, zone)),
  ])
}

function onHost(set: LogSet, host: Host): PlacedSet {
  return { name: set.name, set, root: withoutSlash(host.root), place: placeOf(host, undefined) }
}

function inZone(set: LogSet, host: Host, zone: Zone): PlacedSet {
  const root = (zone.root ?? set.root ?? DEFAULT_ZONE_ROOT).replaceAll('%z', zone.uuid)
  return {
    name: `${set.name}@${zone.uuid}`,
    set,
    root: withoutSlash(`${withoutSlash(host.root)}${root}`),
    place: placeOf(host, zone),
  }
}

/** Returns the place of files of a host, or of one of its zones: the node of a zone is the zone. */
export function placeOf({ user, datacenter, node }: Omit<Host, 'root'>, zone: Zone | undefined): Place {
  const { uuid, role } = zone ?? { uuid: GLOBAL, role: GLOBAL }
  return { user, datacenter, node: zone ? uuid : node, zone: uuid, role }
}

function withoutSlash(folder: string): string {
  return folder.replace(/\/+$/, '')
}
