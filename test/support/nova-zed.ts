import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { JsonObject } from '../../src/domain/notification.ts'

const FOLDER = resolve(import.meta.dirname, '../../../shared/notifications/nova-zed')

/** Whether the recordings of a real Nova (Zed) are beside this checkout. */
export const hasNovaZed = existsSync(FOLDER)

export const CAPTURES = ['v1', 'v2', 'versioned', 'both-hour'] as const
export type Capture = (typeof CAPTURES)[number]

/**
 * Facts about an instance of the recorded cloud: the operations on it, and the verdict of a person on each
 * exists.
 */
export type Truth = {
  readonly scenario: string
  readonly exists?: readonly {
    readonly file: string
    readonly message_id: string
    readonly period: string
    readonly human: string
  }[]
} & { readonly [fact: string]: unknown }

/** Returns the notifications of a recording in order, without their envelope. */
export function capture(name: Capture): JsonObject[] {
  const text = gunzipSync(readFileSync(resolve(FOLDER, `nova-zed-${name}.jsonl.gz`))).toString('utf8')
  return text.trim().split('\n').map(unwrapped)
}

function unwrapped(line: string): JsonObject {
  const body = JSON.parse(line)
  return typeof body['oslo.message'] === 'string' ? JSON.parse(body['oslo.message']) : body
}

export function truth(): { readonly [instanceId: string]: Truth } {
  return JSON.parse(readFileSync(resolve(FOLDER, 'truth.json'), 'utf8')).instances
}
