import { InvalidError, NotFoundError } from '../domain/errors.ts'
import type { ValueCondition } from '../domain/trait-condition.ts'
import { findTrait, readTimeline } from '../explain/timeline/read-timeline.ts'
import { type Operation, operation } from '../http/operation.ts'
import type { Queries } from '../store/ports/queries.ts'
import { noParams, timelineQuery } from './params.ts'
import { timeline as timelineShape } from './shapes.ts'

/**
 * Returns the operation of `/v1/timeline`: what happened to a resource, in order. `searchedTraits` are the names that
 * a bare value is looked for under, in this order.
 */
export function timelineOperation(queries: Queries, searchedTraits: readonly string[]): Operation {
  return operation({
    method: 'get',
    path: '/v1/timeline',
    summary:
      'what happened to a resource, in the order of time: its events with what changed, and its streams',
    query: timelineQuery,
    params: noParams,
    answer: timelineShape,
    httpProblems: { 404: 'no event has the value of `of`' },
    async run({ query, signal, limits }) {
      await limits.admit(limits.maxBytes)
      const traits = query.traits ?? [await traitOf(queries, query.of, searchedTraits)]
      const { from_datetime: from, to_datetime: to, fold: isFolded } = query
      return readTimeline(queries, { traits, from, to, isFolded, now: Date.now() * 1000 }, limits, signal)
    },
  })
}

async function traitOf(
  queries: Queries,
  value: string | undefined,
  names: readonly string[],
): Promise<ValueCondition> {
  const text = value?.trim() ?? ''
  if (text === '') throw new InvalidError('expected traits=NAME:VALUE, or of=VALUE')
  const found = await findTrait(queries, text, names)
  if (found) return found
  const tried = names.join(' or ') || 'one of its indexed traits'
  throw new NotFoundError(
    `no event has ${JSON.stringify(text)} as ${tried}; traits=NAME:VALUE takes any trait`,
  )
}
