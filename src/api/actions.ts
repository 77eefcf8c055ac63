import { z } from 'zod'
import { ConflictError, NotFoundError } from '../domain/errors.ts'
import { type RestAction, restAction } from '../formats/action-form.ts'
import { formatMark } from '../formats/rest-form.ts'
import { type Operation, operation } from '../http/operation.ts'
import type { ActionRunner, Asked } from '../repair/action-runner.ts'
import type { Actions } from '../store/ports/actions.ts'
import { maskSecrets } from '../text/mask-secrets.ts'
import {
  letterActionBody,
  letterActionFilter,
  readFilter,
  streamActionBody,
  streamActionFilter,
} from './action-request.ts'
import { letterFilterOf } from './dead-letters.ts'
import { actionPath, actionResultsQuery, actionsQuery, noParams, pageOf } from './params.ts'
import { actionAnswer, actionResult, action as actionShape, counts } from './shapes.ts'
import { streamFilterOf } from './streams.ts'

const MISSING = { 404: 'there is no such action' }

/** Returns the operations that begin bulk actions, and those of `/v1/actions`, where they are recorded. */
export function actionOperations(store: Actions, runner: ActionRunner): Operation[] {
  return [
    operation({
      method: 'post',
      path: '/v1/streams/actions',
      summary:
        'does an action to all streams that match a filter, and answers at once; with `dry_run` counts them only',
      query: noParams,
      params: noParams,
      body: streamActionBody,
      answer: actionAnswer,
      httpProblems: {},
      run({ body: { action: verb, filter: given, dry_run }, token, signal }) {
        const { texts, query } = readFilter(streamActionFilter, given)
        const filter = streamFilterOf(query)
        return begin({ target: 'streams', verb, filter, texts, token }, dry_run, signal)
      },
    }),
    operation({
      method: 'post',
      path: '/v1/dead-letters/actions',
      summary:
        'does an action to all dead letters that match a filter, and answers at once; with `dry_run` counts them only',
      query: noParams,
      params: noParams,
      body: letterActionBody,
      answer: actionAnswer,
      httpProblems: {},
      run({ body: { action: verb, filter: given, dry_run }, token, signal }) {
        const { texts, query } = readFilter(letterActionFilter, given)
        const filter = letterFilterOf(query)
        return begin({ target: 'dead-letters', verb, filter, texts, token }, dry_run, signal)
      },
    }),
    operation({
      method: 'get',
      path: '/v1/actions',
      summary: 'bulk actions: who did what, when and to how many, the newest first',
      query: actionsQuery,
      params: noParams,
      answer: z.array(actionShape),
      httpProblems: {},
      async run({ query }) {
        const page = pageOf(query)
        const actions = await store.listActions(page)
        return actions.map((one) => ({ ...restAction(one), _mark: formatMark(one.id, page.ascending) }))
      },
    }),
    operation({
      method: 'get',
      path: '/v1/actions/count',
      summary: 'number of bulk actions, counted from `mark` on; `limit` is ignored',
      query: actionsQuery,
      params: noParams,
      answer: counts,
      httpProblems: {},
      async run({ query }) {
        return [{ count: await store.countActions(pageOf(query)) }]
      },
    }),
    operation({
      method: 'get',
      path: '/v1/actions/{id}',
      summary: 'one bulk action, with how many of its items have come to which outcome by now',
      query: noParams,
      params: actionPath,
      answer: actionShape,
      httpProblems: MISSING,
      run: ({ path: { id } }) => whole(id),
    }),
    operation({
      method: 'get',
      path: '/v1/actions/{id}/results',
      summary: 'what has become of the items of a bulk action by now, in the order of their ids, downwards',
      query: actionResultsQuery,
      params: actionPath,
      answer: z.array(actionResult),
      httpProblems: MISSING,
      async run({ path: { id }, query }) {
        await recorded(id)
        const page = pageOf(query)
        const results = await store.listResults(id, query.outcome, page)
        return results.map(({ item, outcome, reason }) => ({
          ...{ id: item, outcome, reason: reason === null ? null : maskSecrets(reason) },
          _mark: formatMark(item, page.ascending),
        }))
      },
    }),
    operation({
      method: 'post',
      path: '/v1/actions/{id}/cancel',
      summary: 'ends a bulk action after the transaction under way; what is done stays',
      query: noParams,
      params: actionPath,
      answer: undefined,
      httpProblems: { ...MISSING, 409: 'the action has ended' },
      async run({ path: { id } }) {
        if (await store.cancelAction(id)) return
        const { state } = await recorded(id)
        throw new ConflictError(`action ${id} has ended: it is ${state}`)
      },
    }),
  ]

  async function begin(asked: Asked, isDry: boolean, signal: AbortSignal) {
    if (isDry) return { dry_run: true, count: await runner.count(asked, signal) }
    return whole(await runner.begin(asked, signal))
  }

  async function recorded(id: number) {
    const found = await store.findAction(id)
    if (!found) throw new NotFoundError(`there is no action ${id}`)
    return found
  }

  async function whole(id: number): Promise<RestAction> {
    const found = await recorded(id)
    return { ...restAction(found), outcomes: await store.countOutcomes(id) }
  }
}
