import { messageOf } from '../../domain/errors.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import { Outage } from '../../runtime/outage.ts'
import { maskSecrets } from '../../text/mask-secrets.ts'
import { every, type StatusClock } from '../status-clock.ts'
import type { StatusModel } from '../tree/status-model.ts'
import { readStatus } from './read-status.ts'

/** A process whose status is read from time to time. */
export type ScrapedChild = {
  /** name that is put before its keys; none where it is empty */
  readonly name: string
  readonly url: string
  readonly token?: string | undefined
}

type ScraperParts = {
  readonly model: StatusModel
  readonly clock: StatusClock
  readonly logger: Logger
  readonly child: ScrapedChild
}

const SCRAPE_MS = 20_000

/**
 * Creates the service that reads the status of a child at the start and every 20 s. An answer that is none, or that is
 * larger than 8 MB, changes nothing.
 */
export function createScraper({ model, clock, logger, child }: ScraperParts): Service {
  const { name, url, token } = child
  const ending = new AbortController()
  const address = maskSecrets(url)
  const outage = new Outage(logger, `the status of ${address} can be read again`)
  let reading: Promise<void> | undefined
  let stop: (() => void) | undefined
  const read = async () => {
    try {
      model.take(await readStatus({ url, token, clock, signal: ending.signal }), { name })
      outage.over()
    } catch (error) {
      if (ending.signal.aborted) return
      model.refuse('body')
      outage.failed(`cannot read the status of ${address}: ${messageOf(error)}`)
    }
  }
  const readOnce = () => {
    reading ??= read().finally(() => {
      reading = undefined
    })
  }
  return {
    async start() {
      stop = every(clock, SCRAPE_MS, readOnce)
      readOnce()
    },
    async stop() {
      stop?.()
      ending.abort()
      await reading
    },
  }
}
