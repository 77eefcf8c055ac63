import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { urlOf } from './addresses.ts'
import { Capture } from './capture.ts'
import { CUSTOMER } from './catalogue.ts'
import { Cloud } from './cloud.ts'
import { CloudClock } from './cloud-clock.ts'
import { type CloudSettings, DEFAULT_SETTINGS, settingsOf } from './cloud-settings.ts'
import { PASSWORD, REGION } from './configuration/common.ts'
import { stockWares } from './wares.ts'

const USAGE = `usage: node sandbox/cloud/run.ts up [OPTIONS]
       node sandbox/cloud/run.ts clock FOLDER [HH:MM[:SS]]

up     brings up a small real OpenStack and leaves it running until Ctrl-C
  --driver messaging | messagingv2             (${DEFAULT_SETTINGS.driver})
  --format unversioned | versioned | both      (${DEFAULT_SETTINGS.format})
  --audit hour | day                           (${DEFAULT_SETTINGS.audit})
  --durable                                    amqp_durable_queues
  --quorum                                     rabbit_quorum_queue
  --capture FILE                               appends every notification, a line each
  --folder FOLDER                              an empty folder, kept; else a temporary one, removed at the end
clock  tells the cloud's time, or moves it on to the next HH:MM:SS, UTC
`

const OPTIONS = {
  driver: { type: 'string' },
  format: { type: 'string' },
  audit: { type: 'string' },
  durable: { type: 'boolean' },
  quorum: { type: 'boolean' },
  capture: { type: 'string' },
  folder: { type: 'string' },
} as const

type Options = { readonly capture?: string; readonly folder?: string }

try {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
  const [command, folder, time] = positionals
  if (command === 'up' && folder === undefined) await up(settingsOf(values), values)
  else if (command === 'clock' && folder !== undefined) moveClock(folder, time)
  else {
    process.stderr.write(USAGE)
    process.exitCode = 2
  }
} catch (error) {
  process.stderr.write(`run.ts: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

async function up(settings: CloudSettings, options: Options): Promise<void> {
  const stopped = new Promise<void>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop())
  })
  const home = options.folder ?? mkdtempSync(join(tmpdir(), 'stacktach-cloud-'))
  mkdirSync(home, { recursive: true })
  process.stdout.write(`bringing up a cloud in ${home}: a few minutes\n`)
  const cloud = await Cloud.prepare(resolve(home), settings)
  let capture: Capture | undefined
  try {
    capture = await Capture.start(cloud.at.amqpUrl, options.capture)
    await cloud.start()
    await stockWares(cloud.at.ports)
    writeFileSync(join(home, 'openrc'), openrc(cloud), { mode: 0o600 })
    process.stdout.write(invitation(cloud))
    await Promise.race([
      stopped,
      cloud.until('an end that is asked for', () => false, Number.POSITIVE_INFINITY),
    ])
  } finally {
    await capture?.stop()
    await cloud.stop()
    if (options.folder === undefined) rmSync(home, { recursive: true, force: true })
  }
}

function openrc({ at, clock }: Cloud): string {
  const variables = {
    OS_AUTH_URL: urlOf(at.ports.identity, '/v3'),
    OS_IDENTITY_API_VERSION: '3',
    OS_REGION_NAME: REGION,
    OS_USERNAME: CUSTOMER.user,
    OS_PASSWORD: PASSWORD,
    OS_PROJECT_NAME: CUSTOMER.project,
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    STACKTACH_AMQP_URL: at.amqpUrl,
    // Not set for the whole shell: `env $CLOUD_CLOCK PROGRAM`.
    CLOUD_CLOCK: Object.entries(clock.env)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  }
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value}'\n`)
    .join('')
}

function invitation({ at }: Cloud): string {
  return `It is up, until Ctrl-C. In another terminal:
  . ${at.folder}/openrc      # the account, and STACKTACH_AMQP_URL
  nova boot --flavor small --image debian --nic none first
  nova list
  env $CLOUD_CLOCK node src/cli/stv3.ts consume -c config/openstack/yagi.conf
  node sandbox/cloud/run.ts clock ${at.folder} 23:59:30
Logs are in ${at.folder}/log.
`
}

function moveClock(cloudFolder: string, to: string | undefined): void {
  if (!existsSync(join(cloudFolder, 'clock-shift'))) throw new Error(`there is no cloud in ${cloudFolder}`)
  const clock = CloudClock.open(resolve(cloudFolder))
  if (to !== undefined) {
    const [, hours, minutes, seconds = '0'] = /^(\d\d?):(\d\d)(?::(\d\d))?$/.exec(to) ?? []
    if (hours === undefined) throw new Error(`${to} is no time such as 23:59 or 23:59:30`)
    const ofDay = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
    clock.moveTo(clock.next(ofDay))
  }
  process.stdout.write(`${new Date(clock.now()).toISOString()}\n`)
}
