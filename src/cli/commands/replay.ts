import type { Command } from 'commander'
import { keepHeapSmall } from '../../runtime/memory.ts'
import { createCommand } from '../program.ts'
import { addReplayOptions, type ReplayCommandOptions } from '../replay/replay-options.ts'

/**
 * Old garbage is collected early, for room in which new objects die: a replay holds many prepared notifications for a
 * while. With 130 % and little room for new objects it takes 1.6 times the processor time and as much memory.
 */
const HEAP_GROWTH_PERCENT = 20

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
  keepHeapSmall(HEAP_GROWTH_PERCENT)
  if (options.redistil) return (await import('../replay/redistil-files.ts')).redistilFiles(files, options)
  if (options.dryRun) return (await import('../replay/replay-dry.ts')).replayDry(files, options)
  return (await import('../replay/replay-live.ts')).replayLive(files, options)
}
