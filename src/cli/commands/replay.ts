import type { Command } from 'commander'
import { keepHeapSmall, keepYoungHeapSmall } from '../../runtime/memory.ts'
import { createCommand } from '../program.ts'
import { addReplayOptions, type ReplayCommandOptions } from '../replay/replay-options.ts'

/** Creates `stv3 replay`, which drives recorded notifications through definitions, triggers and pipelines. */
export function replayCommand(): Command {
  const command = createCommand(
    'replay',
    'replay recorded notifications on the clock of their timestamps',
    'stv3 replay /var/lib/stacktach/archive/done -c config/yagi.conf --from 2026-11-19 --dry-run',
  ).argument('<file...>', 'files of an archive or of notifications, folders, globs; - is standard input')
  return addReplayOptions(command).action((files: string[], options: ReplayCommandOptions, own: Command) => {
    if (options.compare && !options.dryRun)
      own.error('stv3 replay: --compare needs --dry-run', { exitCode: 2 })
    return replay(files, options)
  })
}

async function replay(files: readonly string[], options: ReplayCommandOptions): Promise<void> {
  keepHeapSmall()
  keepYoungHeapSmall()
  if (options.redistil) return (await import('../replay/redistil-files.ts')).redistilFiles(files, options)
  if (options.dryRun) return (await import('../replay/replay-dry.ts')).replayDry(files, options)
  return (await import('../replay/replay-live.ts')).replayLive(files, options)
}
