import { hostname } from 'node:os'
import type { TlsOptions } from 'node:tls'
import type { Broker } from '../../broker/broker.ts'
import { ConfigError } from '../../domain/errors.ts'
import { compileMatcher } from '../../heka/matcher/compile-matcher.ts'
import type { Matcher } from '../../heka/matcher/matcher.ts'
import type { Counters } from '../../heka/receivers/counters.ts'
import type { RECEIVER_SETTINGS, STREAM_SETTINGS, TLS_SETTINGS } from '../../heka/settings/common-settings.ts'
import type { ValuesOf } from '../../heka/settings/setting.ts'
import { StatsReporter } from '../../heka/stats/reporter.ts'
import { createThroughput } from '../../heka/stats/throughput.ts'
import { streamSpec } from '../../heka/stream/stream-spec.ts'
import { StreamWriter, type StreamWriterOptions } from '../../heka/stream/stream-writer.ts'
import type { Logger } from '../../runtime/logger.ts'
import { readTlsFiles } from '../../runtime/tls-files.ts'

export type ReceiverValues = ValuesOf<typeof RECEIVER_SETTINGS> & ValuesOf<typeof STREAM_SETTINGS>

/** What both receivers are made of. */
export type ReceiverParts = {
  readonly values: ReceiverValues
  readonly broker: Broker
  readonly counters: Counters
  readonly logger: Logger
}

/** Compiles MATCH_SPEC; undefined where it is empty. */
export function matcherOf(spec: string): Matcher | undefined {
  return spec === '' ? undefined : compileMatcher(spec)
}

/** Reads the files of TLS; undefined where none is named. Rejects with StackTachError when they cannot be used. */
export async function tlsOf({
  tlsCertFile: cert,
  tlsKeyFile: key,
  tlsClientCaFile: ca,
}: ValuesOf<typeof TLS_SETTINGS>): Promise<TlsOptions | undefined> {
  if (cert === '' && key === '' && ca === '') return undefined
  if (cert === '' || key === '')
    throw new ConfigError('TLS needs both TLS_CERT_FILE and TLS_KEY_FILE, and one of them is missing')
  const read = await readTlsFiles({ cert, key, ca: ca || undefined }, process.cwd())
  return ca === '' ? read : { ...read, requestCert: true, rejectUnauthorized: true }
}

/** Creates what publishes the messages of a receiver. */
export function writerOf(
  { values, broker, counters, logger }: ReceiverParts,
  more: Pick<StreamWriterOptions, 'isPatient' | 'onRoom' | 'onPublished'>,
): StreamWriter {
  return new StreamWriter({
    openPublisher: () => broker.openPublisher(),
    spec: streamSpec(values.subject, values),
    logger,
    holdDownMs: values.connectHoldDown,
    gatherMs: values.gatherTime,
    windowBytes: values.windowMegabytes * 2 ** 20,
    onRetry: () => counters.add('retryCount'),
    onReconnected: () => counters.add('publisherReconnectCount'),
    ...more,
  })
}

/** Creates what publishes the throughput of a receiver each second; undefined where it is not wanted. */
export function reporterOf(
  { values, broker, counters, logger }: ReceiverParts,
  sender: string,
  source: string,
  onRead?: (value: number) => void,
): StatsReporter | undefined {
  if (!values.stats) return undefined
  const count = () => counters.get('receivedCount')
  return new StatsReporter({
    openPublisher: () => broker.openPublisher(),
    channel: values.statsChannel,
    logger,
    read: createThroughput(count, { Sender: sender, SourceIP: source }, onRead),
  })
}

/** The name of this machine, as the source of events. */
export const HOST = hostname()
