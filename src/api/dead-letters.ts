import { z } from 'zod'
import { NotFoundError } from '../domain/errors.ts'
import { describeRetried } from '../domain/retried.ts'
import { restDeadLetter, restWholeDeadLetter } from '../formats/dead-letter-form.ts'
import { formatMark } from '../formats/rest-form.ts'
import { type AnswerLimits, type Operation, operation } from '../http/operation.ts'
import { bytesBody } from '../http/request-body.ts'
import { PlainBytes } from '../http/streamed-answer.ts'
import type { ActionRunner } from '../repair/action-runner.ts'
import type { DeadLetter, DeadLetterBox, DeadLetterFilter } from '../store/ports/dead-letter-box.ts'
import { maskSecrets } from '../text/mask-secrets.ts'
import { deadLetterPath, deadLettersQuery, noParams, pageOf } from './params.ts'
import { counts, deadLetter as letterShape, retried } from './shapes.ts'

const MISSING = { 404: 'there is no such dead letter' }

/** Returns the operations of `/v1/dead-letters`: list, count, single one, retry and deletion. */
export function deadLetterOperations(box: DeadLetterBox, runner: ActionRunner): Operation[] {
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
        const letters = await box.listDeadLetterHeads(letterFilterOf(query), page)
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
        return [{ count: await box.countDeadLetters(letterFilterOf(query)) }]
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
        return restWholeDeadLetter(await find(id, limits))
      },
    }),
    operation({
      method: 'get',
      path: '/v1/dead-letters/{id}/body',
      summary:
        'the body of a dead letter byte for byte, secrets too, to be edited; needs a token that may write',
      query: noParams,
      params: deadLetterPath,
      needsWriting: true,
      answer: undefined,
      httpProblems: MISSING,
      async run({ path: { id }, limits }) {
        const letter = await find(id, limits)
        return new PlainBytes(letter.body)
      },
    }),
    operation({
      method: 'post',
      path: '/v1/dead-letters/{id}/retry',
      summary:
        'drives a dead letter in again, with the body of the request in place of its own where there is one; a letter that fails again stays',
      query: noParams,
      params: deadLetterPath,
      body: bytesBody,
      answer: retried,
      httpProblems: { ...MISSING, 409: 'the API has no event definitions to distil by' },
      async run({ path: { id }, body, limits }) {
        const letter = await find(id, limits)
        const done = await runner.retryLetter(letter, body.length > 0 ? body : undefined)
        const description = maskSecrets(describeRetried(done))
        return done.outcome === 'failed'
          ? { ...done, reason: maskSecrets(done.reason), description }
          : { ...done, description }
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

  async function find(id: number, { admit }: AnswerLimits): Promise<DeadLetter> {
    const [head] = await box.listDeadLetterHeads({ ids: [id] }, ONE)
    // As bytes, as text, and as JSON.
    if (head) await admit(4 * head.bytes)
    const [letter] = await box.listDeadLetters({ ids: [id] }, ONE)
    if (!letter) throw new NotFoundError(`there is no dead letter ${id}`)
    return letter
  }
}

const ONE = { limit: 1, mark: undefined, ascending: true }

/** Returns the filter that the parameters of a list ask for. */
export function letterFilterOf(
  query: Omit<z.output<typeof deadLettersQuery>, 'mark' | 'limit'>,
): DeadLetterFilter {
  const { ids, stage, queue, reason, stream, from_datetime: since, to_datetime: until } = query
  return { ids, stage, queue, reason, stream, since, until }
}
