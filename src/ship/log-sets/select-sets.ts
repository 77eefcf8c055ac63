import type { LogSet, Place } from './log-set.ts'
import { GLOBAL } from './log-set-config.ts'

/** Folder in which the paths of a zone begin, where neither the zone nor the log set says another. */
const DEFAULT_ZONE_ROOT = '/zones/%z/root'

/** The name of a zone that stands for all whose folder matches its root. */
export const ANY_ZONE = '*'

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
  /** its groups, which log sets name beside roles of zones */
  readonly groups?: readonly string[] | undefined
}

/** A log set for one zone, or for the host. */
export type PlacedSet = {
  /** `NAME`, and `NAME@UUID` for a zone */
  readonly name: string
  readonly set: LogSet
  /** the folder in which its paths begin, without a slash at the end: empty for `/` */
  readonly root: string
  readonly place: Place
  /** the root of the zone, where it is another than that of the log set */
  readonly zoneRoot?: string | undefined
}

/**
 * Returns the log sets that apply to a host: each for the host itself where it names `global` or a group of the host, then for
 * each zone whose role it names. Roles and groups are compared exactly. A log set with `hosts` applies to hosts whose node matches one
 * of these globs.
 */
export function selectSets(sets: readonly LogSet[], host: Host, zones: readonly Zone[]): PlacedSet[] {
  return sets
    .filter(({ hosts }) => hosts === undefined || hosts.some((isMatch) => isMatch(host.node)))
    .flatMap((set) => {
      const role = [GLOBAL, ...(host.groups ?? [])].find((one) => set.zones.includes(one))
      return [
        ...(role === undefined ? [] : [onHost(set, host, role)]),
        ...zones.filter((zone) => set.zones.includes(zone.role)).map((zone) => inZone(set, host, zone)),
      ]
    })
}

/** Returns a log set for the host itself, under one of the roles that it names. */
export function onHost(set: LogSet, host: Host, role: string): PlacedSet {
  return { name: set.name, set, root: withoutSlash(host.root), place: { ...placeOf(host, undefined), role } }
}

/** Returns a log set for a zone of a host. */
export function inZone(set: LogSet, host: Host, zone: Zone): PlacedSet {
  const root = (zone.root ?? set.root ?? DEFAULT_ZONE_ROOT).replaceAll('%z', zone.uuid)
  return {
    name: `${set.name}@${zone.uuid}`,
    set,
    root: withoutSlash(`${withoutSlash(host.root)}${root}`),
    place: placeOf(host, zone),
    ...(zone.root === undefined ? {} : { zoneRoot: root }),
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
