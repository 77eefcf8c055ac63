import { z } from 'zod'
import { LOG_LEVELS, logLevelOf } from '../../runtime/log/log-level.ts'
import { didYouMean } from '../../text/suggest.ts'
import { apiSchema } from './api-schema.ts'
import { outgoingSchema } from './outgoing-schema.ts'
import { statusSchema } from './status-schema.ts'
import { uiSchema } from './ui-schema.ts'

const texts = z.union([z.string(), z.array(z.string())], { error: 'expected a text or a list of texts' })

/** The shape of winchester.yaml, with defaults. */
export const winchesterSchema = z.strictObject(
  {
    config_path: texts
      .default([])
      .transform((paths) => (typeof paths === 'string' ? [paths] : paths))
      .describe('where the other files are looked for, relative to this file'),
    log_level: z
      .string()
      .refine((text) => logLevelOf(text) !== undefined, {
        error: ({ input }) => {
          const known = LOG_LEVELS.join(', ')
          return `expected one of ${known}, found ${JSON.stringify(input)}${didYouMean(String(input), LOG_LEVELS)}`
        },
      })
      .optional()
      .describe('`debug`, `info`, `warn` (`warning`), `error` or `silent`; `info` unless given'),
    log_file: z
      .string()
      .optional()
      .describe(
        'file that the log is appended to, relative to this file; `%(proc_name)s` in it is `consumer`, `worker`, `api` or `up`; standard error unless given',
      ),
    logging_config: z
      .string()
      .optional()
      .describe(
        "file of Python's logging, of which level and file of the root logger are taken before log_level and log_file",
      ),
    statistics_period: z
      .number()
      .positive()
      .default(10)
      .describe('seconds between two lines of statistics in the log'),
    pipeline_worker_batch_size: z
      .int()
      .positive()
      .default(1000)
      .describe('most streams of one claim of a worker, which never takes more than 500'),
    pipeline_worker_delay: z
      .number()
      .positive()
      .default(10)
      .describe('seconds at most between two looks for ready streams'),
    distiller_config: texts
      .optional()
      .describe('file of the event definitions, a folder of such files, or a list of either'),
    trigger_definitions: texts.optional().describe('file of the triggers, or a list of such files'),
    pipeline_config: z.string().optional().describe('file of the pipelines'),
    distiller_trait_plugins: z
      .record(z.string(), z.string())
      .default({})
      .describe('name: module and class of an own trait plugin'),
    catch_all_notifications: z
      .boolean()
      .default(false)
      .describe('make events of notifications that no definition matches'),
    database: z
      .strictObject({
        url: z
          .string()
          .describe('`mysql://USER:PASSWORD@HOST[:PORT]/NAME`, `sqlite:PATH` or `sqlite::memory:`'),
        echo_sql: z.boolean().optional().meta({ description: 'statements in the log', deprecated: true }),
      })
      .describe('where events and streams are stored'),
    pipeline_handlers: z
      .record(z.string(), z.string())
      .default({})
      .describe('name: module and class of an own handler'),
    purge_completed_streams: z.boolean().default(true).describe('remove streams whose pipeline is done'),
    trim_events: z.boolean().default(false).describe('remove old events that belong to no stream'),
    trim_events_age: z
      .string()
      .default('$timestamp - 14d')
      .describe('time expression; events before it are trimmed'),
    trim_events_batch_size: z
      .int()
      .positive()
      .default(100)
      .describe('most events of one transaction that trims'),
    time_sync_endpoint: z
      .string()
      .optional()
      .describe('URL of `stv3 time-server`: play old data as if it were now'),
    clock: z
      .enum(['auto', 'wall'], { error: 'expected auto or wall' })
      .default('auto')
      .describe(
        '`auto`: the event clock follows the notifications while a queue is behind, else the wall clock; `wall`: the wall clock',
      ),
    clock_patience_days: z
      .number()
      .positive()
      .default(7)
      .describe('days that the event clock waits for a queue that no consumer reads any more'),
    indexed_traits: z
      .array(z.string())
      .default([])
      .describe('traits that queries filter by and that get an index'),
    pipeline_retries: z.int().min(0).default(3).describe('how often a failed pipeline is tried again'),
    lease_s: z
      .number()
      .positive()
      .default(60)
      .describe('seconds after which the streams of a silent worker are taken over'),
    shutdown_timeout_s: z.number().positive().default(30).describe('seconds a daemon has for an orderly end'),
    max_generations: z
      .int()
      .positive()
      .default(10)
      .describe('pipelines whose new events feed pipelines: how often in a row'),
    status: statusSchema
      .optional()
      .describe(
        'HOST:PORT where metrics, health and the status tree are served, for all daemons or for each; with HOST:PORT-PORT each process of a machine takes the first free one; nowhere unless given. Beside them the parent of the status tree',
      ),
    outgoing: outgoingSchema.prefault({}).describe('how what is sent over HTTP reaches others'),
    dead_letter_days: z
      .number()
      .positive()
      .optional()
      .describe('days that dead letters are kept; for ever unless given'),
    api: apiSchema.prefault({}).describe('how the REST API is served'),
    ui: uiSchema.describe(
      'the page for people that the API serves at `/`: false turns it off; with `filters`, names and addresses of saved filters',
    ),
  },
  {
    error: 'expected a winchester.yaml with its keys (database, trigger_definitions, …), or name a yagi.conf',
  },
)

export type WinchesterSettings = z.infer<typeof winchesterSchema>
