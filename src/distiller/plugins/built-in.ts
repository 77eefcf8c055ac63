import type { TraitPlugins } from '../trait-plugin.ts'
import { BitfieldPlugin } from './bitfield-plugin.ts'
import { MapPlugin } from './map-plugin.ts'
import { SplitPlugin } from './split-plugin.ts'
import { TimedeltaPlugin } from './timedelta-plugin.ts'

/** Plugins available in every configuration. */
export const BUILT_IN_PLUGINS: TraitPlugins = {
  split: SplitPlugin,
  bitfield: BitfieldPlugin,
  timedelta: TimedeltaPlugin,
  map: MapPlugin,
}

/** Class paths by which distiller_trait_plugins of old configurations names the built-in plugins. */
export const PLUGIN_CLASS_PATHS: TraitPlugins = {
  'stackdistiller.trait_plugins:SplitterTraitPlugin': SplitPlugin,
  'stackdistiller.trait_plugins:BitfieldTraitPlugin': BitfieldPlugin,
  'ceilometer.event.trait_plugins:SplitterTraitPlugin': SplitPlugin,
  'ceilometer.event.trait_plugins:BitfieldTraitPlugin': BitfieldPlugin,
  'ceilometer.event.trait_plugins:TimedeltaPlugin': TimedeltaPlugin,
  'ceilometer.event.trait_plugins:MapTraitPlugin': MapPlugin,
}
