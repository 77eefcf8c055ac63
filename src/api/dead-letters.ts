import { z } from 'zod'
import { NotFoundError } from '../domain/errors.ts'
import { restDeadLetter, restWholeDeadLetter } from '../formats/dead-letter-form.ts'
import { formatMark } from '../formats/rest-form.ts'
import { type Operation, operation } from '../http/operation.ts'
import type { DeadLetterBox, DeadLetterFilter } from '../store/ports/dead-letter-box.ts'
import { deadLetterPath, deadLettersQuery, noParams, pageOf } from './params.ts'
import { counts, deadLetter as letterShape } from './shapes.ts'

const MISSING = { 404: 'there is no such dead letter' }

/** Returns the operations of `/v1/dead-letters`: list, count, single one and deletion. */
export function deadLetterOperations(box: DeadLetterBox): Operation[] {
  return [
    operation({
      method: 'get',
      path: '/v1/dead-letters',
      summary: 'what could not be processed, and why, the newest first, without bodies',
      query: deadLettersQuery,
      params: noParams,
      answer: z.array(letterShape),
      httpProblems: {},
      async run({ query }) {
        const page = pageOf(query)
        const letters = await box.listDeadLetterHeads(filterOf(query), page)
        return letters.map((letter) => ({
          ...restDeadLetter(letter),
          _mark: formatMark(letter.id, page.ascending),
        }))
      },
    }),
    operation({
      method: 'get',
      path: '/v1/dead-letters/count',
      summary: 'number of dead letters; `mark` and `limit` are ignored',
      query: deadLettersQuery,
      params: noParams,
      answer: counts,
      httpProblems: {},
      async run({ query }) {
        return [{ count: await box.countDeadLetters(filterOf(query)) }]
      },
    }),
    operation({
      method: 'get',
      path: '/v1/dead-letters/{id}',
      summary: 'one dead letter with its body, secrets masked',
      query: noParams,
      params: deadLetterPath,
      answer: letterShape,
      httpProblems: MISSING,
      async run({ path: { id }, limits }) {
        const [head] = await box.listDeadLetterHeads({ ids: [id] }, ONE)
        // As bytes, as text, and as JSON.
        if (head) await limits.admit(4 * head.bytes)
        const [letter] = await box.listDeadLetters({ ids: [id] }, ONE)
        if (!letter) throw new NotFoundError(`there is no dead letter ${id}`)
        return restWholeDeadLetter(letter)
      },
    }),
    operation({
      method: 'delete',
      path: '/v1/dead-letters/{id}',
      summary: 'deletes a dead letter for good',
      query: noParams,
      params: deadLetterPath,
      answer: undefined,
      httpProblems: MISSING,
      async run({ path: { id } }) {
        if ((await box.dropDeadLetters({ ids: [id] })) === 0)
          throw new NotFoundError(`there is no dead letter ${id}`)
      },
    }),
  ]
}

const ONE = { limit: 1, mark: undefined, ascending: true }

function filterOf(query: z.output<typeof deadLettersQuery>): DeadLetterFilter {
  const { stage, queue, reason, stream, from_datetime: since, to_datetime: until } = query
  return { stage, queue, reason, stream, since, until }
}
