import type { SandboxSettings } from './settings.ts'
import { HELP } from './shell.ts'

/**
 * Returns what happens in the sandbox and what to try. `urls` are the addresses of the API and of the status tree;
 * `hasShell`: whether it can be typed right here.
 */
export function welcome(
  { speed, data, config }: SandboxSettings,
  { api: url, tree }: { readonly api: string; readonly tree: string },
  hasShell: boolean,
): string {
  const day = Math.round(86_400 / speed)
  return `
A simulated cloud sends notifications to RabbitMQ, a day in ${day} s. Two consumers archive each one, make an event
of it and put it into the stream of its server and day. At the end of the day the cloud reports what each server
has used: its stream fires, and two workers compare the report with the events. Some messages are malformed on
purpose and become dead letters; some reports are wrong.

${hasShell ? 'Try, after the first day:' : `Try, in another terminal, with KLUGMAN_URL=${url} (npm run -s klugman -- streams …):`}
${HELP}

API ${url}/docs · status tree ${tree} · configuration ${config} · data ${data}
Ctrl-C stops all in order and prints a ledger.
`
}
