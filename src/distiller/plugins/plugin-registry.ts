import { ClassRegistry } from '../../runtime/class-registry.ts'
import type { TraitPluginClass } from '../trait-plugin.ts'
import { BitfieldPlugin } from './bitfield-plugin.ts'
import { MapPlugin } from './map-plugin.ts'
import { SplitPlugin } from './split-plugin.ts'
import { TimedeltaPlugin } from './timedelta-plugin.ts'

/** Trait plugins of event definitions. A new one needs its line in `builtIn`. */
export const PLUGINS = new ClassRegistry<TraitPluginClass>({
  kind: 'plugin',
  builtIn: {
    split: SplitPlugin,
    bitfield: BitfieldPlugin,
    timedelta: TimedeltaPlugin,
    map: MapPlugin,
  },
  classPaths: {
    'stackdistiller.trait_plugins:SplitterTraitPlugin': SplitPlugin,
    'stackdistiller.trait_plugins:BitfieldTraitPlugin': BitfieldPlugin,
    'ceilometer.event.trait_plugins:SplitterTraitPlugin': SplitPlugin,
    'ceilometer.event.trait_plugins:BitfieldTraitPlugin': BitfieldPlugin,
    'ceilometer.event.trait_plugins:TimedeltaPlugin': TimedeltaPlugin,
    'ceilometer.event.trait_plugins:MapTraitPlugin': MapPlugin,
  },
  methods: ['traitValue'],
  ownOnes: 'own ones are named in distiller_trait_plugins, as ./my.js:MyPlugin',
})
