import type { Broker } from '../../broker/broker.ts'
import { Counters } from '../../heka/receivers/counters.ts'
import type { SignatureRules } from '../../heka/receivers/frame-intake.ts'
import { Intake } from '../../heka/receivers/intake.ts'
import { parseSignerKeys } from '../../heka/receivers/signer-keys.ts'
import { TcpReceiver } from '../../heka/receivers/tcp-receiver.ts'
import type { TCP_RECEIVER } from '../../heka/settings/programs.ts'
import type { ValuesOf } from '../../heka/settings/setting.ts'
import type { StreamWriter } from '../../heka/stream/stream-writer.ts'
import { createGroup, type Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import { readSecret } from '../../runtime/read-secret.ts'
import { reachedInTime } from './heka-broker.ts'
import { createStatsService } from './heka-stats.ts'
import { matcherOf, reporterOf, tlsOf, writerOf } from './receiver-parts.ts'
import type { Listening } from './run-heka.ts'
import type { Reloadable } from './settings-reload.ts'

type Values = ValuesOf<(typeof TCP_RECEIVER)['settings']>

/** Builds the TCP receiver. Its start rejects when the broker is not there. */
export async function buildTcpReceiver(
  values: Values,
  broker: Broker,
  logger: Logger,
): Promise<Listening & Reloadable<Values>> {
  const intake = new Intake(matcherOf(values.matchSpec))
  let signatures = await signaturesOf(values)
  const tls = await tlsOf(values)
  const counters = new Counters()
  const parts = { values, broker, counters, logger }
  const writer: StreamWriter = writerOf(parts, {
    isPatient: true,
    onRoom: () => receiver.resume(),
    onPublished: (count) => counters.add('publishedCount', count),
  })
  const receiver = new TcpReceiver({
    address: values.bindAddress,
    intake,
    relay: (bytes, from, end) => writer.add(bytes, from, end),
    isFull: () => writer.isFull,
    counters,
    logger,
    mostMessageBytes: values.maxMessageSize,
    signatures: () => signatures,
    mostConnections: values.maxConnections,
    mostConnectionsPerSender: values.maxConnectionsPerSender,
    mostRatePerSender: values.maxRatePerSender,
    keepAliveMs: values.keepalive ? values.keepaliveduration : undefined,
    idleMs: values.idleTime,
    servesNobody: values.listenCount === 0,
    tls,
  })
  const stats = createStatsService({
    address: values.statsAddress,
    counters,
    hindrance: () => writer.hindrance,
    gauges: {
      connections: { help: 'connections that are open', read: () => receiver.connections },
      unconfirmed_bytes: { help: 'bytes the broker has not confirmed', read: () => writer.unconfirmedBytes },
    },
  })
  const reporter = reporterOf(parts, 'tcp-receiver', '', (value) => counters.set('throughput', value))
  const reached: Service = {
    start: () => reachedInTime(writer.start(), values),
    stop: () => writer.stop(),
  }
  const listening: Service = {
    async start() {
      await receiver.start()
      const { host, port } = receiver.address
      logger.info({ client: values.clientId, subject: values.subject }, `listening on ${host}:${port}`)
    },
    stop: () => receiver.stop(),
  }
  const services = [reached, ...(stats ? [stats] : []), ...(reporter ? [reporter] : []), listening]
  return {
    ...createGroup(services),
    address: () => receiver.address,
    live: ['matchSpec', 'signersFile', 'requireSignature', 'skipSignature'],
    async take(next) {
      const matches = matcherOf(next.matchSpec)
      const [rules, certificate] = [await signaturesOf(next), await tlsOf(next)]
      intake.use(matches)
      signatures = rules
      if (certificate) receiver.renew(certificate)
    },
  }
}

/** Returns by which rules signatures are checked; undefined: not at all. */
async function signaturesOf({
  skipSignature,
  signersFile: file,
  requireSignature: isRequired,
}: Values): Promise<SignatureRules | undefined> {
  if (skipSignature) return undefined
  return { signers: file === '' ? new Map() : parseSignerKeys(await readSecret(file), file), isRequired }
}
