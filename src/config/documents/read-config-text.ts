import { readFile } from 'node:fs/promises'
import { ConfigError, messageOf } from '../../domain/errors.ts'

/** Reads the text of a configuration file. Rejects with ConfigError. */
export async function readConfigText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`cannot read the configuration ${file}: ${messageOf(error)}`)
  }
}
