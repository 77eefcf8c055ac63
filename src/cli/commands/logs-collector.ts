import type { Command } from 'commander'
import type { CollectorOptions } from '../logs/logs-options.ts'
import { logsOption, repeatedOption } from '../logs/logs-settings.ts'
import { createCommand, parsePositive, parseWhole, statusOption } from '../program.ts'

/** Creates `stv3 logs-collector`, which sends what is written to files of a folder to a processor. */
export function logsCollectorCommand(): Command {
  return createCommand(
    'logs-collector',
    'send what is written to the files of a folder to a logs-processor, by the options and the protocol of thunder',
    `stv3 logs-collector --source-dir /var/log/nova --target-address logs:1065 --offsets-db /var/lib/stv3/offsets.db
  stv3 logs-collector --source-dir /var/log/nova --offsets-db /var/lib/stv3/offsets.db --dry-run`,
  )
    .addOption(
      logsOption('--source-dir <dir>', 'folder whose files are read', 'SOURCE_DIR').default(
        '/local/logs/scripts/phprocksyd/',
      ),
    )
    .addOption(
      logsOption('--target-address <host:port>', 'address of the processor', 'TARGET_ADDRESS').default(
        'cloudlogs:1065',
      ),
    )
    .addOption(
      logsOption('--offsets-db <file>', 'file that keeps how far each file is sent', 'OFFSETS_DB').default(
        '/local/tmp/logscoll-offsets.db',
      ),
    )
    .addOption(
      logsOption(
        '--rotate-mb <n>',
        'size from which NAME is renamed to NAME.old, in millions of bytes; 0 for never',
        'ROTATE_MB',
      )
        .argParser((text) => (Number(text) === 0 && text.trim() !== '' ? 0 : parsePositive(text)))
        .default(20),
    )
    .addOption(logsOption('--rotate-bytes <n>', 'the same in bytes', 'ROTATE_BYTES').argParser(parseWhole(0)))
    .addOption(repeatedOption('--include <glob>', 'only files of these names; may be repeated', 'INCLUDE'))
    .addOption(repeatedOption('--exclude <glob>', 'no files of these names; may be repeated', 'EXCLUDE'))
    .option('--recursive', 'read the files of folders in the folder too, under FOLDER/NAME')
    .addOption(
      logsOption(
        '--host <name>',
        'name of this host for --path of the processor (default: that of the system)',
        'HOST',
      ),
    )
    .option('--zstd', 'pack what is sent, where the processor takes that')
    .option('--tls', 'encrypt, and verify the processor by the authorities that Node trusts')
    .addOption(logsOption('--tls-ca <file>', 'encrypt, and verify the processor by this authority', 'TLS_CA'))
    .addOption(logsOption('--tls-cert <file>', 'certificate of this collector', 'TLS_CERT'))
    .addOption(logsOption('--tls-key <file>', 'its key', 'TLS_KEY'))
    .addOption(
      logsOption(
        '--token-file <file>',
        'file with the token that the processor asks for, readable by you alone',
        'TOKEN_FILE',
      ),
    )
    .option('--insecure', 'send the token to other machines without encryption')
    .option('--dry-run', 'say what would be sent of each file, and do nothing of it')
    .option('--json', 'with --dry-run, one JSON object a line for each file')
    .addOption(statusOption(''))
    .action(async (options: CollectorOptions) => {
      const { runCollector } = await import('../logs/run-collector.ts')
      await runCollector(options)
    })
}
