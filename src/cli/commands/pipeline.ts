import type { Command } from 'commander'
import { requirePipelines } from '../../assembly/require-pipelines.ts'
import { loadWholeConfig } from '../../config/load/load-config.ts'
import { ConfigError, InvalidError, messageOf, NotFoundError } from '../../domain/errors.ts'
import type { Event } from '../../domain/event.ts'
import type { Stream } from '../../domain/stream.ts'
import { typedEvent } from '../../formats/typed-form.ts'
import type { HandlerEnv } from '../../pipeline/handler.ts'
import { createHandlerContext } from '../../pipeline/handlers/handler-context.ts'
import { OpenedSteps } from '../../pipeline/handlers/opened-steps.ts'
import type { Pipeline } from '../../pipeline/load-pipelines.ts'
import { type HandlerInstance, handleAll, requireEvents } from '../../pipeline/worker/run-pipeline.ts'
import { stringifyJson } from '../../text/json.ts'
import { loggerOf } from '../logger-of.ts'
import { createCommand, parseWhole, print } from '../program.ts'
import { readEvents } from '../read-events.ts'
import { requireRead } from '../require-read.ts'
import { withConfiguredStore } from '../with-configured-store.ts'

type Options = {
  config: string
  events?: readonly string[]
  stream?: number
  streamId?: number
  streamName?: string
  dryRun?: true
  json?: true
  logLevel?: string
}

/** Creates `stv3 pipeline`, which shows what a pipeline makes of events, for authors of handlers. */
export function pipelineCommand(): Command {
  const command = createCommand(
    'pipeline',
    'run the handlers of a pipeline over events or a stored stream and show the result; commits nothing',
    'stv3 pipeline instance_day_complete -c config/winchester.yaml --stream 12 --dry-run',
  )
  return command
    .argument('<name>', 'the pipeline')
    .requiredOption('-c, --config <file>', 'winchester.yaml, or a yagi.conf that names one')
    .option(
      '--events <file...>',
      'events in order of time: what distill, the API, klugman as JSON or db export prints, or the typed form; also gzipped; - is standard input',
    )
    .option('--stream <id>', 'the events of this stream in the database', parseWhole(1))
    .option(
      '--stream-id <id>',
      'stream id that the handlers get (default: of --stream, else 1)',
      parseWhole(0),
    )
    .option('--stream-name <name>', 'stream name that the handlers get (default: of --stream, else stream)')
    .option('--dry-run', 'required: show what the handlers would send, and send nothing')
    .option('--json', 'one JSON object a line')
    .action((name: string, options: Options) => {
      if (!options.dryRun)
        command.error('stv3 pipeline: expected --dry-run: this command commits nothing', { exitCode: 2 })
      if ((options.events === undefined) === (options.stream === undefined))
        command.error('stv3 pipeline: expected --events FILE or --stream ID', { exitCode: 2 })
      return dryRun(name, options)
    })
}

async function dryRun(name: string, options: Options): Promise<void> {
  const config = await loadWholeConfig(options.config, process.env)
  const pipelines = await requirePipelines(config)
  const pipeline = pipelines.get(name)
  if (!pipeline) {
    throw new ConfigError(`there is no pipeline ${name}; known are ${[...pipelines.keys()].join(', ')}`)
  }
  const { events, env } = await inputOf(options)
  const known = new Set(events.map(({ messageId }) => messageId))
  const context = createHandlerContext(loggerOf(options, 'warn'))
  const opened = new OpenedSteps(context)
  const instances: HandlerInstance[] = []
  let current = ''
  try {
    for (const step of pipeline.steps) {
      current = step.name
      instances.push({ name: step.name, handler: await opened.handlerOf(step, context) })
    }
    const passing = await handleAll(instances, events, env, (turn) => {
      current = turn
    })
    requireEvents(passing.filter(({ messageId }) => !known.has(messageId)))
    await show(pipeline, passing, known, instances, options)
    for (const instance of instances) {
      current = instance.name
      await instance.handler.rollback()
    }
  } catch (error) {
    throw new InvalidError(`handler ${current}: ${messageOf(error)}`, { cause: error })
  } finally {
    await opened.close()
  }
}

/** Reads the events, and what the handlers get to know of their stream. */
async function inputOf({
  config,
  events: files,
  stream: id,
  streamId,
  streamName,
}: Options): Promise<{ readonly events: readonly Event[]; readonly env: HandlerEnv }> {
  if (id === undefined) {
    const env = { streamId: streamId ?? 1, streamName: streamName ?? 'stream' }
    const events = await readEvents(files ?? [])
    requireRead(events.length, files ?? [], 'event')
    return { events, env }
  }
  let stream: Stream | undefined
  let events: readonly Event[] = []
  await withConfiguredStore(config, async (store) => {
    stream = await store.findStream(id)
    events = (await store.eventsOfStreams([id])).get(id) ?? []
  })
  if (!stream) throw new NotFoundError(`there is no stream ${id}`)
  const { name, distinguishingTraits } = stream
  return {
    events,
    env: { streamId: streamId ?? id, streamName: streamName ?? name, distinguishingTraits },
  }
}

async function show(
  pipeline: Pipeline,
  events: readonly Event[],
  known: ReadonlySet<string>,
  instances: readonly HandlerInstance[],
  { json }: Options,
): Promise<void> {
  for (const event of events) {
    const isNew = !known.has(event.messageId)
    const typed = typedEvent(event)
    const text = json
      ? stringifyJson({ event: typed, new: isNew })
      : `${isNew ? 'new' : '   '}  ${typed.timestamp}  ${typed.event_type}  ${typed.message_id}`
    await print(`${text}\n`)
  }
  for (const { name, handler } of instances) {
    const sent = handler.wouldPublish?.() ?? []
    if (sent.length === 0) continue
    if (json) await print(`${stringifyJson({ handler: name, would_publish: sent })}\n`)
    else for (const one of sent) await print(`${name} would publish ${stringifyJson(one)}\n`)
  }
  if (!json) await print(`${pipeline.name}: ${events.length} events come out\n`)
}
