import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'

const CHROMIUM = '/usr/bin/chromium'

/** Starts Debian's Chromium without a window. */
export async function startBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM))
    throw new Error(`${CHROMIUM} is missing: apt-get install chromium, or sandbox/build.sh -t, which does it`)
  // Root may have no sandbox of the browser; what the tests open is served here.
  const args = ['--no-sandbox', '--force-color-profile=srgb', '--font-render-hinting=none']
  return chromium.launch({ executablePath: CHROMIUM, args })
}

/** A page of the browser, with what went wrong in it: errors of scripts and refusals by the document's policy. */
export type WatchedPage = { readonly page: Page; readonly faults: string[] }

/** Opens a page in a context of its own until the test ends. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML|TrustedScript/.test(message.text())) faults.push(message.text())
  })
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  return { page, faults }
}
