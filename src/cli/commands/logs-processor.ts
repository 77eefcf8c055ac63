import type { Command } from 'commander'
import type { ProcessorOptions } from '../logs/logs-options.ts'
import { logsOption } from '../logs/logs-settings.ts'
import { createCommand, parseWhole, statusOption } from '../program.ts'

/** Creates `stv3 logs-processor`, which takes what collectors send and appends it to files, or publishes it. */
export function logsProcessorCommand(): Command {
  return createCommand(
    'logs-processor',
    'take what logs-collectors send and append it to files of the same names, by the options and the protocol of thunder',
    `stv3 logs-processor --target-dir /srv/logs --listen-address 0.0.0.0:1065 --path %host/%file
  stv3 logs-processor --queue logs -c yagi.conf --listen-address 127.0.0.1:1065`,
  )
    .addOption(
      logsOption('--target-dir <dir>', 'folder of the files', 'TARGET_DIR').default('/local/logs/sf'),
    )
    .addOption(
      logsOption('--listen-address <host:port>', 'address to listen on', 'LISTEN_ADDRESS').default(
        '0.0.0.0:1065',
      ),
    )
    .addOption(
      logsOption(
        '--path <template>',
        'name of a file: %host of the collector, %file as it sends it',
        'PATH',
      ).default('%file'),
    )
    .option('--fsync', 'answer only when what was written is on disk')
    .option('--make-dirs', 'make folders in names for the collector of thunder too, as is done for ours')
    .addOption(
      logsOption(
        '--state-dir <dir>',
        'folder that keeps what of each file is written (default: beside the target folder)',
        'STATE_DIR',
      ),
    )
    .addOption(
      logsOption('--max-message-mb <n>', 'longest message that is taken', 'MAX_MESSAGE_MB')
        .argParser(parseWhole(1, 1024))
        .default(64),
    )
    .addOption(
      logsOption('--tls-cert <file>', 'take encrypted connections, with this certificate', 'TLS_CERT'),
    )
    .addOption(logsOption('--tls-key <file>', 'its key', 'TLS_KEY'))
    .addOption(logsOption('--tls-ca <file>', 'ask collectors for a certificate of this authority', 'TLS_CA'))
    .option('--allow-plain', 'with --tls-cert, take connections without encryption too')
    .addOption(
      logsOption(
        '--token-file <file>',
        'file with the token that collectors must have, readable by you alone',
        'TOKEN_FILE',
      ),
    )
    .option('--queue <name>', 'publish each line as a notification to this queue of -c, and write no files')
    .option('-c, --config <file>', 'the yagi.conf that names broker and queue')
    .addOption(statusOption(''))
    .action(async (options: ProcessorOptions) => {
      const { runProcessor } = await import('../logs/run-processor.ts')
      await runProcessor(options)
    })
}
