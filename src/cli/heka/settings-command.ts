import { type Command, Option } from 'commander'
import type { StatusRole } from '../../assembly/daemon-status.ts'
import type { BrokerValues } from '../../assembly/heka/heka-broker.ts'
import { type LogOptions, runHeka } from '../../assembly/heka/run-heka.ts'
import type { Reloadable } from '../../assembly/heka/settings-reload.ts'
import type { Broker } from '../../broker/broker.ts'
import { readConfigText } from '../../config/documents/read-config-text.ts'
import { parseYamlDocument } from '../../config/documents/yaml-document.ts'
import { ConfigError, formatPosition } from '../../domain/errors.ts'
import { optionOf, type Program, readSettings, type SettingsFile } from '../../heka/settings/read-settings.ts'
import type { Settings, ValuesOf } from '../../heka/settings/setting.ts'
import { settingsTable } from '../../heka/settings/settings-table.ts'
import type { Logger } from '../../runtime/logger.ts'
import { createCommand } from '../program.ts'

type Options = LogOptions & { readonly config?: string; readonly [key: string]: string | undefined }

/** What a command with settings is called, and what it does with them. */
export type SettingsCommand<S extends Settings> = {
  readonly name: string
  readonly role: StatusRole
  readonly description: string
  readonly example: string
  readonly program: Program<S>
  /** Builds the service that runs until the command is stopped. */
  readonly build: (values: ValuesOf<S>, broker: Broker, logger: Logger) => Promise<Reloadable<ValuesOf<S>>>
}

/**
 * Creates a command whose settings come from options, environment variables, also without their prefix, and a YAML
 * file, in this order. Its help has a table of them.
 */
export function createSettingsCommand<S extends Settings>(parts: SettingsCommand<S>): Command {
  const { name, role, description, example, program, build } = parts
  const command = createCommand(name, description, example).option(
    '-c, --config <file>',
    'YAML file with the same settings: keys as the variables, without prefix and in lower case',
  )
  for (const [key, { about }] of Object.entries(program.settings))
    command.addOption(new Option(`${optionOf(key)} <value>`, about))
  return command
    .addHelpText(
      'after',
      `\nEnvironment, also without the prefix ${program.prefix}_:\n${settingsTable(program)}`,
    )
    .action(async (options: Options) => {
      const read = async () => {
        const file = options.config === undefined ? undefined : await readFileValues(options.config)
        return readSettings(program, { options, environment: process.env, file }) as ValuesOf<S> &
          BrokerValues
      }
      await runHeka(role, read, options, build)
    })
}

async function readFileValues(name: string): Promise<SettingsFile> {
  const { value, positionOf, keyPositionOf } = parseYamlDocument(await readConfigText(name), name)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConfigError(`${formatPosition(positionOf([]))}: expected a mapping of settings`)
  return { values: value as SettingsFile['values'], positionOf, keyPositionOf }
}
