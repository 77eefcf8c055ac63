import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { simulate } from '../../src/notigen/simulation.ts'
import { at } from './events.ts'

const RECORDED = resolve(import.meta.dirname, '../../../shared/notifications/nova-day.jsonl.gz')

/** Returns the notifications of a simulated day of a small cloud. */
export function simulatedDay(seed: number, instances: number, operationsPerHour: number): string[] {
  const start = at('2026-11-19T00:00:00')
  const end = at('2026-11-20T02:00:00')
  return [...simulate({ seed, start, end, instances, operationsPerHour })].map(({ body }) => body)
}

/**
 * Returns the notifications of a whole day recorded on a real Nova, or simulated ones where the recording is
 * missing.
 */
export function recordedDay(): {
  readonly source: 'recorded' | 'simulated'
  readonly lines: readonly string[]
} {
  if (!existsSync(RECORDED)) return { source: 'simulated', lines: simulatedDay(1, 180, 20) }
  const lines = gunzipSync(readFileSync(RECORDED)).toString('utf8').trim().split('\n')
  return { source: 'recorded', lines }
}

/** Returns the notifications of about every third instance of the recorded day. */
export function recordedSample(): string[] {
  return recordedDay().lines.filter((line) => {
    const instance = JSON.parse(line).payload?.instance_id
    return typeof instance === 'string' && Number.parseInt(instance.slice(0, 2), 16) % 3 === 0
  })
}

/** Writes lines to a file. Returns its path. */
export function writeLines(folder: string, name: string, lines: readonly string[]): string {
  const file = join(folder, name)
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}
