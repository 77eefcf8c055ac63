import { stopSignal } from '../../assembly/daemon.ts'
import { messageOf, StackTachError } from '../../domain/errors.ts'
import { sleep } from '../../runtime/backoff.ts'
import { readStatus } from '../../status/links/read-status.ts'
import { machineClock } from '../../status/status-clock.ts'
import { isStale } from '../../status/tree/branches.ts'
import type { Status } from '../../status/tree/entry.ts'
import { byOwnFirst } from '../../status/tree/keys.ts'
import { maskSecrets } from '../../text/mask-secrets.ts'
import { print, printNote, printStyled } from '../program.ts'
import { drawTree } from './draw-tree.ts'
import { type Expectation, failuresOf } from './expectation.ts'

export type TreeOptions = {
  readonly json?: true
  readonly watch?: true
  /** seconds between two looks */
  readonly every: number
  readonly prefix?: string
  readonly expect?: readonly Expectation[]
  /** name of the program, for its sentences */
  readonly program: string
  readonly token: string | undefined
}

const CLEAR = '\u001b[H\u001b[2J'

/**
 * Prints the status tree at an address. The exit code is 1 where an expectation does not hold, with a sentence for each.
 * Rejects with StackTachError where nothing can be read.
 */
export async function showStatusTree(address: string, options: TreeOptions): Promise<void> {
  const url = addressUrl(address)
  let failures = await look(url, options)
  if (options.watch) {
    const signal = stopSignal()
    while (!signal.aborted) {
      await sleep(options.every * 1000, signal)
      if (!signal.aborted) failures = await look(url, options)
    }
  }
  for (const failure of failures) printNote(`${options.program}: ${failure}`)
  if (failures.length > 0) process.exitCode = 1
}

/** Returns the URL of an address that may lack its protocol. */
export function addressUrl(address: string): string {
  return /^https?:\/\//i.test(address) ? address : `http://${address}`
}

async function look(url: string, options: TreeOptions): Promise<readonly string[]> {
  const { json, watch, prefix = '', expect = [], token } = options
  const statuses = await statusesAt(url, token)
  const shown = statuses.filter(({ key }) => key.startsWith(prefix))
  if (watch && process.stdout.isTTY && !json) await printStyled(CLEAR)
  await print(json ? jsonLines(shown) : drawTree(shown))
  return failuresOf(statuses, expect)
}

/** Resolves to all statuses at a URL. Rejects with StackTachError where nothing can be read. */
export async function statusesAt(url: string, token: string | undefined): Promise<readonly Status[]> {
  try {
    const { signal } = new AbortController()
    const found = await readStatus({ url, token, clock: machineClock, signal })
    return found.flatMap(({ key, status }) => (status ? [{ key, ...status }] : []))
  } catch (error) {
    throw new StackTachError('io', `cannot read the status at ${maskSecrets(url)}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function jsonLines(statuses: readonly Status[]): string {
  return statuses
    .toSorted((a, b) => byOwnFirst(a.key, b.key))
    .map((one) => `${JSON.stringify({ ...one, stale: isStale(one) })}\n`)
    .join('')
}
