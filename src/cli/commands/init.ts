import { existsSync, readFileSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { ConflictError, messageOf, StackTachError } from '../../domain/errors.ts'
import { makeFolder } from '../../runtime/make-folder.ts'
import { SERVICES, type Service, SHIPPED } from '../../starter/services.ts'
import { type StarterFile, starterFiles } from '../../starter/starter-files.ts'
import { createCommand, print } from '../program.ts'

const CONFIG = resolve(import.meta.dirname, '../../../config')

/** Creates `stv3 init`, which writes a starter configuration. */
export function initCommand(): Command {
  return createCommand(
    'init',
    'write a commented starter configuration; overwrites nothing',
    'stv3 init /etc/stv3 --service nova\n  stv3 init --service plain',
  )
    .argument('[folder]', 'where the files go; it is created', '.')
    .addOption(
      new Option(
        '--service <name>',
        'whose notifications are read; plain: messages of a service that is not of OpenStack',
      )
        .choices(SERVICES)
        .default('nova'),
    )
    .action((folder: string, { service }: { service: Service }) => init(folder, service))
}

async function init(folder: string, service: Service): Promise<void> {
  const files = starterFiles(service, (path) => readFileSync(join(CONFIG, path), 'utf8'))
  const there = files.filter(({ path }) => existsSync(join(folder, path))).map(({ path }) => path)
  if (there.length > 0)
    throw new ConflictError(
      `${folder} has ${there.join(', ')} already; nothing was written, choose another folder`,
    )
  for (const file of files) await write(folder, file)
  await print(
    `wrote ${files.map(({ path }) => join(folder, path)).join(', ')}\n\n${nextSteps(folder, service)}`,
  )
}

async function write(folder: string, { path, text, mode }: StarterFile): Promise<void> {
  const file = join(folder, path)
  try {
    makeFolder(dirname(resolve(file)), 0o755)
    await writeFile(file, text, { mode, flag: 'wx' })
    // The process may mask more permissions than these.
    await chmod(file, mode)
  } catch (error) {
    throw new StackTachError('config', `cannot write ${file}: ${messageOf(error)}`, { cause: error })
  }
}

function nextSteps(folder: string, service: Service): string {
  const config = join(folder, 'yagi.conf')
  const sender =
    service === 'plain' ? 'exchange and routing_key in yagi.conf, and the rules' : SHIPPED[service].needs
  return `Next:
  1. set up who sends: ${sender}
  2. passwords and addresses: ${join(folder, 'stacktach.env')}; then: set -a; . ${join(resolve(folder), 'stacktach.env')}; set +a
  3. stv3 check -c ${config} --connect
  4. stv3 db upgrade -c ${config}
  5. each in a terminal of its own: stv3 consume -c ${config}, stv3 work -c ${config}, stv3 api -c ${config}
  6. stv3 status -c ${config}
To try the rules without any server: stv3 up -c ${config} --data ${join(folder, 'data')}
`
}
