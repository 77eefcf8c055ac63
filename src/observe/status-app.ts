import type { RequestListener } from 'node:http'
import { createHttpApp, type HttpApp } from '../http/create-app.ts'
import { requireOwnName } from '../http/own-names.ts'
import { maskSecrets } from '../text/mask-secrets.ts'
import { printable } from '../text/printable.ts'

export type StatusSources = {
  /** Returns the metrics in the format of Prometheus. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
  /** Returns why the process cannot do its work now; undefined when it can. */
  readonly hindrance: () => Promise<string | undefined>
  /** Returns what hinders a part of the work, such as a server that a handler sends to. */
  readonly remarks?: () => readonly string[]
  /** Returns what the process is and does, for `/status`. */
  readonly about?: () => ProcessFacts
  /** Serves the status tree, under `/tree`. */
  readonly tree?: RequestListener | undefined
}

/** What a process is and does: its role, version, name, time since its start, and figures of its own. */
export type ProcessFacts = { readonly [fact: string]: string | number | null }

const OWN_NAME_ONLY =
  'metrics and health are served only under a name of this machine or the host of `status`'

/**
 * Creates the app of `/metrics`, `/healthz` (the process runs), `/readyz` (it can do its work), `/status` (all
 * of it for programs, as JSON) and `/tree` (the status tree) of a daemon; `host` is the address on which the daemon listens.
 */
export function createStatusApp(
  { metrics, hindrance, remarks = () => [], about = () => ({}), tree }: StatusSources,
  host?: string,
): HttpApp {
  const app = createHttpApp()
  app.use(requireOwnName(OWN_NAME_ONLY, host))
  app.get('/healthz', (_, response) => {
    response.type('text').send('ok\n')
  })
  app.get('/readyz', async (_, response) => {
    const reason = await hindrance()
    response
      .status(reason === undefined ? 200 : 503)
      .type('text')
      .send([reason ?? 'ok', ...remarks()].map((line) => `${shown(line)}\n`).join(''))
  })
  app.get('/status', async (_, response) => {
    const reason = await hindrance()
    response.json({ ...about(), ready: reason === undefined, reason: reason ?? null, remarks: remarks() })
  })
  app.get('/metrics', async (_, response) => {
    const { contentType, text } = await metrics()
    response.set('content-type', contentType).send(text)
  })
  if (tree) app.use('/tree', tree)
  app.use((_, response) => {
    response
      .status(404)
      .type('text')
      .send('not found; expected /metrics, /healthz, /readyz, /status or /tree\n')
  })
  return app
}

/** Returns a line, which may hold words of a server, without secrets and control characters. */
function shown(line: string): string {
  return printable(maskSecrets(line))
}
