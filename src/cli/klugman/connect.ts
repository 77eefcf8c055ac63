import type { Command } from 'commander'
import { type Client, createClient } from '../../client/client.ts'
import type { SentRequest } from '../../client/request.ts'
import { UsageError } from '../program.ts'

type GlobalOptions = { url?: string; debug?: true }

/** The client of the API that the options or the environment name. */
export function connect(command: Command): Client {
  const { url = process.env.KLUGMAN_URL || undefined, debug } = command.optsWithGlobals<GlobalOptions>()
  if (!url)
    throw new UsageError(
      'where is the API? Name it as in `klugman http://127.0.0.1:8000 streams`, or in KLUGMAN_URL',
    )
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new UsageError(`${JSON.stringify(url)} is no URL; expected one such as http://127.0.0.1:8000`)
  const token = process.env.KLUGMAN_TOKEN || undefined
  return createClient({ url, token, ...(debug ? { onRequest: tell } : {}) })
}

/** In the look of the original; never a token. */
function tell({ method, url, params }: SentRequest): void {
  const lines = Object.entries(params).map(([name, value]) => `   : ${name}='${value}'\n`)
  process.stdout.write(
    `${method === 'GET' ? '' : `${method} `}URL: ${withoutPassword(url)}\n${lines.join('')}`,
  )
}

function withoutPassword(url: string): string {
  return url.replace(/^(https?:\/\/)[^/@]*@/, '$1')
}
