import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Micros } from '../../../src/domain/time.ts'
import { archivedIds } from '../archived-ids.ts'
import { MovedSystem, type MovedSystemOptions } from './moved-system.ts'
import { type Message, type Outage, Play } from './play.ts'
import { type StreamFact, streamFacts } from './stream-facts.ts'

export type Window = { readonly from: Micros; readonly to: Micros }

/** What can be down, by name; the second of two queues can be stopped alone. */
export const OUTAGES = {
  'consumers down': (window) => ({
    ...{ ...window, read: [], restMs: 0 },
    begin: (system) => system.down(['consumers'], 'SIGKILL'),
    end: (system) => system.up(),
  }),
  'workers down': (window) => ({
    ...{ ...window, read: [0, 1], restMs: 0 },
    begin: (system) => system.down(['workers'], 'SIGKILL'),
    end: (system) => system.up(),
  }),
  'consumers and workers down': (window) => ({
    ...{ ...window, read: [], restMs: 0 },
    begin: (system) => system.down(['consumers', 'workers'], 'SIGTERM'),
    end: (system) => system.up(),
  }),
  'the database down': (window) => ({
    // Consumers give back what they have at hand after 3 s.
    ...{ ...window, read: [], restMs: 5000 },
    begin: (system) => system.databaseDown(),
    end: (system) => system.databaseUp(),
  }),
  'one of two queues stopped': (window) => ({
    ...{ ...window, read: [0], restMs: 0 },
    begin: (system) => system.down(['consumers'], 'SIGTERM', 1),
    end: (system) => system.up(),
  }),
} satisfies { readonly [what: string]: (window: Window) => Outage }

export type Played = {
  readonly facts: readonly StreamFact[]
  /** message ids */
  readonly archived: ReadonlySet<string>
  readonly seconds: number
}

/** Runs a system on a moved clock through what `play` does, lets every stream end, and returns what there is. */
export async function playOn(
  name: string,
  options: MovedSystemOptions,
  play: (play: Play, system: MovedSystem) => Promise<void>,
): Promise<Played> {
  const began = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'stacktach-outage-'))
  try {
    const system = await MovedSystem.start(folder, name, options)
    try {
      const player = new Play(system)
      await play(player, system)
      await player.end()
      const facts = await streamFacts(system.databaseUrl)
      const archived = new Set(archivedIds(system.archive, { isOpen: true }))
      return { facts, archived, seconds: Math.round((performance.now() - began) / 1000) }
    } finally {
      await system.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Plays messages with an outage in between. */
export async function withOutage(play: Play, messages: readonly Message[], outage: Outage): Promise<void> {
  await play.live(messages.filter(({ at }) => at <= outage.from))
  await play.down(
    messages.filter(({ at }) => at > outage.from && at <= outage.to),
    outage,
  )
  await play.live(messages.filter(({ at }) => at > outage.to))
}
