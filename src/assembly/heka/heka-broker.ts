import type { Broker } from '../../broker/broker.ts'
import { ConfigError } from '../../domain/errors.ts'
import type { BROKER_SETTINGS } from '../../heka/settings/common-settings.ts'
import type { ValuesOf } from '../../heka/settings/setting.ts'
import { inTime } from '../../runtime/in-time.ts'
import type { Logger } from '../../runtime/logger.ts'
import { type BrokerAccess, openBroker } from '../open-broker.ts'

export type BrokerValues = ValuesOf<typeof BROKER_SETTINGS>

const RECONNECT = { reconnectMs: 250, maxReconnectMs: 5000 }

/** Opens the broker of a program of Heka. It connects in the background. */
export function openHekaBroker(values: BrokerValues, logger: Logger): Promise<Broker> {
  return openBroker(accessOf(values, logger), logger)
}

function accessOf(values: BrokerValues, logger: Logger): BrokerAccess {
  const { natsUrl, brokerUrl, brokerCaFile, brokerCertFile, brokerKeyFile } = values
  const isNats = natsUrl.startsWith('nats:')
  if (isNats && natsUrl !== 'nats://localhost:4222')
    logger.warn({}, 'NATS_URL names a NATS server, which is not used: BROKER_URL names RabbitMQ')
  return {
    url: isNats || natsUrl === '' ? brokerUrl : natsUrl,
    ...RECONNECT,
    caFile: brokerCaFile || undefined,
    certFile: brokerCertFile || undefined,
    keyFile: brokerKeyFile || undefined,
  }
}

/** Awaits a first connection, not for ever. Rejects with ConfigError when it is not there in time. */
export async function reachedInTime(
  work: Promise<unknown>,
  { brokerConnectTime }: BrokerValues,
): Promise<void> {
  const late = () => new ConfigError(`the broker does not answer within ${brokerConnectTime / 1000} s`)
  await inTime(work, brokerConnectTime, late)
}
