import type { Command } from 'commander'
import { UsageError } from '../cli/program.ts'
import { type Client, createClient } from '../client/client.ts'
import type { SentRequest } from '../client/request.ts'

type GlobalOptions = { url?: string; debug?: true; json?: true; csv?: true; format?: string }

/**
 * Creates a client for the API that the options or the environment name. Throws UsageError when neither names
 * a usable URL.
 */
export function connect(command: Command): Client {
  const options = command.optsWithGlobals<GlobalOptions>()
  const { url = process.env.KLUGMAN_URL || undefined, debug, json, csv, format } = options
  if (!url)
    throw new UsageError(
      'the URL of the API is missing: give it as in `klugman http://127.0.0.1:8000 streams`, or in KLUGMAN_URL',
    )
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new UsageError(`${JSON.stringify(url)} is not a URL; expected one such as http://127.0.0.1:8000`)
  const token = process.env.KLUGMAN_TOKEN || undefined
  // Requests go to standard error when a program reads standard output.
  const target = json || csv || format ? process.stderr : process.stdout
  const onRequest = (request: SentRequest) => void target.write(told(request))
  // People copy the address of a list: the version belongs to the paths of the API.
  return createClient({ url: url.replace(/\/v1\/*$/, ''), token, ...(debug ? { onRequest } : {}) })
}

/** Describes a request in the format of the original klugman, never with the token. */
function told({ method, url, params }: SentRequest): string {
  const lines = Object.entries(params).map(([name, value]) => `   : ${name}='${value}'\n`)
  return `${method === 'GET' ? '' : `${method} `}URL: ${url}\n${lines.join('')}`
}
