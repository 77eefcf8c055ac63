import type { Response } from 'express'
import { stringifyJson } from '../text/json.ts'

/** Sends JSON as response.json does, but with integers beyond 2^53 digit for digit. */
export function sendJson(response: Response, body: unknown): void {
  response.type('application/json').send(stringifyJson(body))
}
