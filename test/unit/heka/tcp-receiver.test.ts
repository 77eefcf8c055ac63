import { once } from 'node:events'
import { connect } from 'node:net'
import { onTestFinished, test } from 'vitest'
import { buildTcpReceiver } from '../../../src/assembly/heka/build-tcp-receiver.ts'
import { createMemoryBroker } from '../../../src/broker/memory/memory-broker.ts'
import { TCP_RECEIVER } from '../../../src/heka/settings/programs.ts'
import { readSettings } from '../../../src/heka/settings/read-settings.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { Authority } from '../../support/certificates.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { until } from '../../support/until.ts'

const ENVIRONMENT = { CLIENT_ID: 'test', BIND_ADDRESS: '127.0.0.1:0', STATS_ADDRESS: '', STATS: 'false' }

test('it stops though a client does not finish its handshake', async () => {
  const { cert, key } = new Authority(temporaryFolder(), 'heka').sign('server', 'IP:127.0.0.1')
  const environment = { ...ENVIRONMENT, TLS_CERT_FILE: cert, TLS_KEY_FILE: key }
  const broker = createMemoryBroker()
  onTestFinished(() => broker.close())
  const values = readSettings(TCP_RECEIVER, { options: {}, environment })
  const receiver = await buildTcpReceiver(values, broker, silentLogger)
  await receiver.start()
  const socket = connect(receiver.address().port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  const stopped = receiver.stop()
  await until('it is closed', () => socket.destroyed, 5000)
  await stopped
})
