import { onTestFinished } from 'vitest'
import { type AppDependencies, createApiApp } from '../../src/api/api-app.ts'
import { createHttpService, type Slowness } from '../../src/http/http-service.ts'
import { silentLogger } from '../../src/runtime/logger.ts'

/** Serves the API over a store until the test ends; answers its URL. */
export async function serveApi(
  parts: Partial<AppDependencies> & Pick<AppDependencies, 'store'>,
  slowness: Slowness = {},
): Promise<string> {
  const app = createApiApp({ logger: silentLogger, ...parts })
  const service = createHttpService(app, { host: '127.0.0.1', port: 0 }, '--listen', slowness)
  await service.start()
  onTestFinished(() => service.stop())
  return `http://127.0.0.1:${service.address().port}`
}
