import { ClassRegistry } from '../../runtime/class-registry.ts'
import type { AppClass } from './app.ts'
import { AtomPubApp, CufPubApp } from './atompub-app.ts'
import type { BuiltInApp } from './built-in-app.ts'
import { NullApp, ShoeboxApp, WinchesterApp } from './consumer-steps.ts'
import { ElasticsearchApp } from './elasticsearch-app.ts'

/** The registry of the apps of queues. A new built-in app needs its line in `builtIn`. */
export const APPS = new ClassRegistry<BuiltInApp, AppClass>({
  kind: 'app',
  builtIn: {
    WinchesterHandler: WinchesterApp,
    ShoeboxHandler: ShoeboxApp,
    AtomPub: AtomPubApp,
    CufPub: CufPubApp,
    ElasticsearchHandler: ElasticsearchApp,
    NullHandler: NullApp,
  },
  classPaths: {
    'winchester.yagi_handler:WinchesterHandler': WinchesterApp,
    'yagi.handler.shoebox_handler:ShoeboxHandler': ShoeboxApp,
    'yagi.handler.atompub_handler:AtomPub': AtomPubApp,
    'yagi.handler.cuf_pub_handler:CufPub': CufPubApp,
    'yagi.handler.elasticsearch_handler:ElasticsearchHandler': ElasticsearchApp,
    'yagi.handler:NullHandler': NullApp,
  },
  methods: ['handleMessages'],
  ownOnes: 'own ones are named as ./my.js:MyApp',
})
