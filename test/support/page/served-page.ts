import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { freePort } from '../../../sandbox/servers/server-process.ts'
import { startBrowser } from './browser.ts'
import { deployPage, type PageDeployment } from './deployment.ts'

/** A deployment and a browser for all tests of a file; both are there once its tests run. */
export type ServedPage = {
  readonly folder: string
  readonly deployment: PageDeployment
  readonly browser: Browser
}

/** Serves the page for the tests of a file; `more` is added to winchester.yaml. To be called outside of tests. */
export function servePage(more?: string): ServedPage {
  const served = { folder: mkdtempSync(join(tmpdir(), 'stacktach-page-')) } as {
    -readonly [K in keyof ServedPage]: ServedPage[K]
  }
  beforeAll(async () => {
    served.deployment = await deployPage(served.folder, await freePort(), more)
    served.browser = await startBrowser()
  }, 600_000)
  afterAll(async () => {
    await served.browser?.close()
    await served.deployment?.stop()
    rmSync(served.folder, { recursive: true, force: true })
  }, 120_000)
  return served
}
