import { isDeepStrictEqual } from 'node:util'
import { messageOf } from '../../domain/errors.ts'
import type { Service } from '../../runtime/lifecycle.ts'
import type { Logger } from '../../runtime/logger.ts'
import { snakeCase } from '../../text/letter-case.ts'
import { maskSecrets } from '../../text/mask-secrets.ts'
import type { ReloadOutcome } from '../reload/outcome.ts'
import { reloadedSentence } from '../reload/tell-reload.ts'

/** A program whose settings may change while it runs. */
export type Reloadable<V> = Service & {
  /** settings that it takes while it runs; others need a restart */
  readonly live: readonly (keyof V & string)[]
  /** Takes settings, and reads the files that they name again. Rejects, and changes nothing, where they cannot be used. */
  readonly take: (values: V) => Promise<void>
}

export type SettingsReloadParts<V> = {
  /** Reads the settings. Rejects where they have faults. */
  readonly read: () => Promise<V>
  /** the settings that the program has started with */
  readonly values: V
  readonly program: Pick<Reloadable<V>, 'live' | 'take'>
  readonly logger: Logger
}

const FILES = 'the files that they name'

/**
 * Returns what reads the settings of a program again and has it take what has changed. Those before stay in force when
 * there is a fault. It logs one line that says what has changed, or why nothing has, and never rejects.
 */
export function settingsReload<V extends object>(
  parts: SettingsReloadParts<V>,
): () => Promise<ReloadOutcome> {
  const { read, program, logger } = parts
  let running = parts.values
  const isLive = (key: string) => program.live.some((live) => live === key)
  return async () => {
    try {
      const next = await read()
      const changed = changedKeys(running, next)
      const changes = changed.filter(isLive).map(snakeCase)
      const needsRestart = changed.filter((key) => !isLive(key)).map(snakeCase)
      const taken: V = { ...running, ...only(next, program.live) }
      await program.take(taken)
      running = taken
      const sentence = reloadedSentence('the settings', [...changes, FILES], needsRestart)
      const level = needsRestart.length > 0 ? 'warn' : 'info'
      logger[level]({ changes, needs_restart: needsRestart }, sentence)
      return { ok: true, sentence }
    } catch (error) {
      const reason = messageOf(error).replaceAll('\n', '; ')
      const sentence = maskSecrets(`not reloaded, the settings before stay in force: ${reason}`)
      logger.error({}, sentence)
      return { ok: false, sentence }
    }
  }
}

function changedKeys<V extends object>(before: V, now: V): (keyof V & string)[] {
  const keys = Object.keys(now) as (keyof V & string)[]
  return keys.filter((key) => !isDeepStrictEqual(before[key], now[key]))
}

function only<V extends object, K extends keyof V>(values: V, keys: readonly K[]): Pick<V, K> {
  return Object.fromEntries(keys.map((key) => [key, values[key]])) as Pick<V, K>
}
