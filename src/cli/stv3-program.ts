import type { Command } from 'commander'
import { createCommand } from './program.ts'

/** Commands of stv3 by name. Each is loaded when it is needed: a daemon does not carry the code of the others. */
const COMMANDS: { readonly [name: string]: () => Promise<Command> } = {
  up: async () => (await import('./commands/up.ts')).upCommand(),
  init: async () => (await import('./commands/init.ts')).initCommand(),
  check: async () => (await import('./commands/check.ts')).checkCommand(),
  db: async () => (await import('./commands/db.ts')).dbCommand(),
  consume: async () => (await import('./commands/consume.ts')).consumeCommand(),
  work: async () => (await import('./commands/work.ts')).workCommand(),
  reload: async () => (await import('./commands/reload.ts')).reloadCommand(),
  api: async () => (await import('./commands/api.ts')).apiCommand(),
  clock: async () => (await import('./commands/clock.ts')).clockCommand(),
  status: async () => (await import('./commands/status.ts')).statusCommand(),
  'status-relay': async () => (await import('./commands/status-relay.ts')).statusRelayCommand(),
  'time-server': async () => (await import('./commands/time-server.ts')).timeServerCommand(),
  generate: async () => (await import('./commands/generate.ts')).generateCommand(),
  publish: async () => (await import('./commands/publish.ts')).publishCommand(),
  tap: async () => (await import('./commands/tap.ts')).tapCommand(),
  replay: async () => (await import('./commands/replay.ts')).replayCommand(),
  preview: async () => (await import('./commands/preview.ts')).previewCommand(),
  test: async () => (await import('./commands/test.ts')).testCommand(),
  pipeline: async () => (await import('./commands/pipeline.ts')).pipelineCommand(),
  explain: async () => (await import('./commands/explain.ts')).explainCommand(),
  verify: async () => (await import('./commands/verify.ts')).verifyCommand(),
  distill: async () => (await import('./commands/distill.ts')).distillCommand(),
  archive: async () => (await import('./commands/archive.ts')).archiveCommand(),
  'dead-letters': async () => (await import('./commands/dead-letters.ts')).deadLettersCommand(),
  ship: async () => (await import('./commands/ship.ts')).shipCommand(),
  'logs-collector': async () => (await import('./commands/logs-collector.ts')).logsCollectorCommand(),
  'logs-processor': async () => (await import('./commands/logs-processor.ts')).logsProcessorCommand(),
  'heka-tcp': async () => (await import('./commands/heka-tcp.ts')).hekaTcpCommand(),
  'heka-http': async () => (await import('./commands/heka-http.ts')).hekaHttpCommand(),
  'heka-subscribe': async () => (await import('./commands/heka-subscribe.ts')).hekaSubscribeCommand(),
  'heka-stats': async () => (await import('./commands/heka-stats.ts')).hekaStatsCommand(),
  'heka-bridge': async () => (await import('./commands/heka-bridge.ts')).hekaBridgeCommand(),
  'heka-generate': async () => (await import('./commands/heka-generate.ts')).hekaGenerateCommand(),
  'heka-match': async () => (await import('./commands/heka-match.ts')).hekaMatchCommand(),
  'heka-encode': async () => (await import('./commands/heka-encode.ts')).hekaEncodeCommand(),
  'heka-decode': async () => (await import('./commands/heka-decode.ts')).hekaDecodeCommand(),
  'ship-server': async () => (await import('./commands/ship-server.ts')).shipServerCommand(),
  'ship-proxy': async () => (await import('./commands/ship-proxy.ts')).shipProxyCommand(),
  timex: async () => (await import('./commands/timex.ts')).timexCommand(),
  completion: async () => (await import('./commands/completion.ts')).completionCommand(stv3Program),
}

/** Builds stv3 with one of its commands, with none to show its version, or with all where the name is of none. */
export async function stv3Program(name = ''): Promise<Command> {
  const program = createCommand(
    'stv3',
    'event streams out of the notifications on a message bus',
    'stv3 check -c config/yagi.conf',
  )
  if (name === '-V' || name === '--version') return program
  const named = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  for (const load of named ? [named] : Object.values(COMMANDS)) program.addCommand(await load())
  return program
}
