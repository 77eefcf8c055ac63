import { type Command, Option } from 'commander'
import { runUntilStopped, stopSignal } from '../../assembly/daemon.ts'
import { ConfigError } from '../../domain/errors.ts'
import { createHttpService } from '../../http/http-service.ts'
import { createGroup, type Service } from '../../runtime/lifecycle.ts'
import { isLoopback, type ListenAddress } from '../../runtime/listen-address.ts'
import type { LogFormat } from '../../runtime/log/log-format.ts'
import { keepHeapSmall, keepYoungHeapSmall, releaseMemory } from '../../runtime/memory.ts'
import { memoryRelief } from '../../runtime/memory-relief.ts'
import { createStatus, type Status } from '../../status/create-status.ts'
import { loggerOf } from '../logger-of.ts'
import { createCommand, print } from '../program.ts'
import { readTokens } from '../status/read-tokens.ts'
import {
  NO_HOST,
  parseChildren,
  parseServerAddress,
  parseSwitch,
  type RelayOptions,
  relayParent,
  TOKEN_VARIABLE,
} from '../status/relay-options.ts'

type Options = RelayOptions & {
  serveraddr: ListenAddress
  generate_fake_keys: boolean
  tokens?: string
  insecure?: true
  logLevel?: string
  logFormat?: LogFormat
}

const SHUTDOWN_MS = 5000
const NARROWED = ' for this machine; with --insecure or --tokens for others too'
const DEMO_MS = 5000
/** A relay that holds more gives back what is free, MB. */
const RELIEF_MB = 90

/** Creates `stv3 status-relay`, which collects the status of other processes in the protocol of hermes. */
export function statusRelayCommand(): Command {
  return createCommand(
    'status-relay',
    'collect the status of other processes, by the options of hermes, which have one dash or two: its own daemons report to it, or are read every 20 s',
    `stv3 status-relay --serveraddr 127.0.0.1:9091 --children east=http://127.0.0.1:9101/tree
  stv3 status-relay --serveraddr 127.0.0.1:9092 --parenturl http://127.0.0.1:9091/ --ourname west`,
  )
    .addOption(
      new Option('--serveraddr <host:port>', 'address to listen on')
        .argParser(parseServerAddress)
        .default({ host: '127.0.0.1', port: 9091 }, '127.0.0.1:9091'),
    )
    .option('--parenturl <url>', 'address of the parent, to which everything is reported')
    .option('--ourname <name>', 'our name there')
    .addOption(
      switchOption('--parentfromenv [on]', 'take both from HERMES_PARENT_URL and HERMES_MYNAME', false),
    )
    .addOption(
      switchOption('--pushtoparent [on]', 'report each change at once, not only all of it every 30 s', true),
    )
    .addOption(
      new Option('--children <name=url,...>', 'processes whose status is read every 20 s').argParser(
        parseChildren,
      ),
    )
    .addOption(switchOption('--generate_fake_keys [on]', 'report keys for a demonstration', false))
    .option(
      '--tokens <file>',
      'who may read and report: lines of read TOKEN, write TOKEN or child NAME TOKEN, readable by you alone',
    )
    .option('--insecure', 'serve other machines without tokens')
    .addHelpText(
      'after',
      `\nEnvironment:\n  ${TOKEN_VARIABLE}  token that is sent to the parent and to the children`,
    )
    .action(relay)
}

async function relay(options: Options): Promise<void> {
  const signal = stopSignal()
  keepHeapSmall()
  keepYoungHeapSmall()
  const logger = loggerOf(options, 'warn')
  const { children = [] } = options
  const address = addressOf(options)
  const tokens = options.tokens === undefined ? {} : await readTokens(options.tokens)
  const isOpen = options.tokens === undefined && !isLoopback(address.host)
  if (isOpen && !options.insecure)
    throw new ConfigError(
      `everybody could read and report on ${address.host}: give --insecure, or a file of tokens (--tokens)`,
    )
  const token = process.env[TOKEN_VARIABLE]
  const parent = relayParent(options, process.env)
  if (!parent && (options.parenturl || options.ourname || options.parentfromenv))
    logger.warn({}, 'there is no parent: its address and our name are needed both')
  const status = createStatus({
    parent,
    children: children.map((child) => ({ ...child, token })),
    tokens,
    anyHost: options.insecure === true,
    host: address.host,
    logger,
  })
  const service = createHttpService(status.handler, address, '-serveraddr HOST:PORT', { refusals: 'text' })
  const announcing: Service = {
    async start() {
      await service.start()
      const { host, port } = service.address()
      const note = options.serveraddr.host === NO_HOST && isLoopback(host) ? NARROWED : ''
      await print(`status at http://${host.includes(':') ? `[${host}]` : host}:${port}/${note}\n`)
    },
    stop: () => service.stop(),
  }
  const demo = options.generate_fake_keys ? [demoKeys(status)] : []
  const services = createGroup([announcing, status, ...demo, memoryRelief(RELIEF_MB)])
  releaseMemory()
  await runUntilStopped(services, { signal, logger, shutdownMs: SHUTDOWN_MS })
}

/** Returns where to listen. An address without a host is all of the machine's only where that is allowed. */
function addressOf({ serveraddr, tokens, insecure }: Options): ListenAddress {
  if (serveraddr.host !== NO_HOST) return serveraddr
  return { ...serveraddr, host: tokens !== undefined || insecure ? '::' : '127.0.0.1' }
}

function switchOption(flags: string, description: string, otherwise: boolean): Option {
  return new Option(flags, description).argParser(parseSwitch).default(otherwise).preset('true')
}

/** Reports a key that holds for five minutes, and two with the time every 5 s. */
function demoKeys(status: Status): Service {
  let timer: NodeJS.Timeout | undefined
  const report = () => {
    const now = new Date()
    status.report('demo.time', now.toISOString())
    status.report('demo.seconds', Math.floor(now.getTime() / 1000))
  }
  return {
    async start() {
      status.report('demo.state', 'running', { ttl_s: 300 })
      report()
      timer = setInterval(report, DEMO_MS)
    },
    async stop() {
      clearInterval(timer)
    },
  }
}
