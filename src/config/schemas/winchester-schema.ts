import { z } from 'zod'

const texts = z.union([z.string(), z.array(z.string())], { error: 'expected a text or a list of texts' })

/** Shape of winchester.yaml, its defaults applied. */
export const winchesterSchema = z.strictObject({
  config_path: texts.default([]).transform((paths) => (typeof paths === 'string' ? [paths] : paths)),
  log_level: z.string().optional(),
  log_file: z.string().optional(),
  logging_config: z.string().optional(),
  statistics_period: z.number().positive().default(10),
  pipeline_worker_batch_size: z.int().positive().default(1000),
  pipeline_worker_delay: z.number().positive().default(10),
  distiller_config: z.string().optional(),
  trigger_definitions: z.string().optional(),
  pipeline_config: z.string().optional(),
  distiller_trait_plugins: z.record(z.string(), z.string()).default({}),
  catch_all_notifications: z.boolean().default(false),
  database: z.strictObject({
    url: z.string(),
    echo_sql: z.boolean().default(false),
  }),
  pipeline_handlers: z.record(z.string(), z.string()).default({}),
  purge_completed_streams: z.boolean().default(true),
  trim_events: z.boolean().default(false),
  trim_events_age: z.string().default('$timestamp - 14d'),
  trim_events_batch_size: z.int().positive().default(100),
  time_sync_endpoint: z.string().optional(),
  indexed_traits: z.array(z.string()).default([]),
  pipeline_retries: z.int().min(0).default(3),
  lease_s: z.number().positive().default(60),
  shutdown_timeout_s: z.number().positive().default(30),
  max_generations: z.int().positive().optional(),
  status: z.string().optional(),
  dead_letter_days: z.number().positive().optional(),
  api: z.record(z.string(), z.unknown()).optional(),
})

export type WinchesterSettings = z.infer<typeof winchesterSchema>
