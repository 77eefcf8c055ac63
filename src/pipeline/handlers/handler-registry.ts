import { ClassRegistry } from '../../runtime/class-registry.ts'
import type { HandlerClass } from '../handler.ts'
import { AtomPubHandler } from './atompub-handler.ts'
import { ElasticsearchHandler } from './elasticsearch-handler.ts'
import { ExecHandler } from './exec-handler.ts'
import { LoggerHandler } from './logger-handler.ts'
import { NotabeneHandler } from './notabene-handler.ts'
import { UsageHandler } from './usage-handler.ts'
import { WebhookHandler } from './webhook-handler.ts'

/** The registry of the handlers of pipelines. A new built-in handler needs its line in `builtIn`. */
export const HANDLERS = new ClassRegistry<HandlerClass>({
  kind: 'handler',
  builtIn: {
    atompub: AtomPubHandler,
    elasticsearch: ElasticsearchHandler,
    exec: ExecHandler,
    logger: LoggerHandler,
    notabene: NotabeneHandler,
    usage: UsageHandler,
    webhook: WebhookHandler,
  },
  classPaths: {
    'winchester.pipeline_handler:LoggingHandler': LoggerHandler,
    'winchester.pipeline_handler:UsageHandler': UsageHandler,
    'winchester.pipeline_handler:NotabeneHandler': NotabeneHandler,
    'winchester.pipeline_handler:AtomPubHandler': AtomPubHandler,
  },
  methods: ['handleEvents', 'commit', 'rollback'],
  factory: 'open',
  ownOnes: 'own ones are named as ./my.js:MyHandler',
})
