import { z } from 'zod'
import { LETTER_VERBS, STREAM_VERBS } from '../domain/action.ts'
import { ParameterError, readParams } from '../http/params.ts'
import type { FilterTexts } from '../store/ports/actions.ts'
import { deadLettersQuery, streamsQuery } from './params.ts'

// What is asked for with POST /v1/streams/actions and /v1/dead-letters/actions.

const filter = z
  .record(z.string(), z.union([z.string(), z.number()]))
  .meta({ description: 'parameters of the list, without `mark` and `limit`; `{}` means all' })
const dry_run = z.boolean().default(false).meta({ description: 'only count what the filter means (false)' })

export const streamActionBody = z
  .strictObject({ action: z.enum(STREAM_VERBS), filter, dry_run })
  .meta({ id: 'StreamActionRequest' })

export const letterActionBody = z
  .strictObject({ action: z.enum(LETTER_VERBS), filter, dry_run })
  .meta({ id: 'DeadLetterActionRequest' })

export const streamActionFilter = streamsQuery.omit({ mark: true, limit: true, counts: true })
export const letterActionFilter = deadLettersQuery.omit({ mark: true, limit: true })

/** Parameters of lists by other names of theirs, where lists take one and leave out the other. */
const OTHER_NAMES: { readonly [name: string]: string } = { name: 'trigger_name' }

/**
 * Reads the filter of an action by the parameters of a list. Throws ParameterError for a parameter that is not known, is
 * blank or is given under both of its names too: the action would be done to more than was meant.
 */
export function readFilter<S extends z.ZodObject>(
  schema: S,
  given: z.output<typeof filter>,
): { readonly texts: FilterTexts; readonly query: z.output<S> } {
  const texts = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]))
  const known = Object.keys(schema.shape)
  for (const [name, text] of Object.entries(texts)) {
    if (!known.includes(name))
      throw new ParameterError(name, text, `one of the parameters ${known.join(', ')}`)
    if (text.trim() === '') throw new ParameterError(name, text, 'a value')
    const other = OTHER_NAMES[name]
    if (other !== undefined && Object.hasOwn(texts, other))
      throw new ParameterError(name, text, `no ${name} beside ${other}, which means the same`)
  }
  return { texts, query: readParams(schema, texts) }
}
