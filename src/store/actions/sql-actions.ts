import type { Actions } from '../ports/actions.ts'
import { matchingStreams } from '../queries/matching-streams.ts'
import { readingUntil } from '../queries/reading.ts'
import type { SqlSession } from '../sql-session.ts'
import { matchingDeadLetters } from '../upkeep/dead-letters.ts'
import {
  addItems,
  countItems,
  countOutcomes,
  listResults,
  nextItems,
  noteLate,
  noteOutcomes,
} from './action-results.ts'
import {
  cancelAction,
  countActions,
  createAction,
  findAction,
  keepAction,
  listActions,
  releaseAction,
  takeAction,
  trimActions,
} from './action-rows.ts'
import { applyToStreams } from './apply-to-streams.ts'

export function createSqlActions({ context, transaction, query, lockWriter }: SqlSession): Actions {
  const { db, dialect } = context
  return {
    createAction: (action) => transaction((tx) => createAction(tx, context, action)),
    matchingStreams: (filter, signal) => matchingStreams(context, filter, readingUntil(signal, dialect)),
    matchingDeadLetters: (filter) => matchingDeadLetters(context, filter),
    addItems: (action, ids) =>
      transaction(async (tx) => {
        await addItems(tx, context, action, ids)
        await keepAction(tx, context, action)
      }),
    beginAction: (action) =>
      transaction(async (tx) => {
        const total = await countItems(tx, action)
        await keepAction(tx, context, action, { state: 'running', total })
      }),
    async applyToStreams(action, limit) {
      const ids = await query(() => nextItems(db, action, 'waiting', limit))
      if (ids.length > 0)
        await transaction(async (tx) => applyToStreams(tx, await lockWriter(tx), action, ids))
      return ids.length
    },
    async nextDeadLetters(action, limit) {
      const begun = await query(() => nextItems(db, action, 'begun', limit))
      if (begun.length > 0) return begun.map((id) => ({ id, hasBegun: true }))
      const waiting = await query(() => nextItems(db, action, 'waiting', limit))
      return waiting.map((id) => ({ id, hasBegun: false }))
    },
    noteOutcomes: (action, outcomes) =>
      transaction(async (tx) => {
        await keepAction(tx, context, action, { error: null })
        await noteOutcomes(tx, context, action, outcomes)
      }),
    noteLate: (action, outcome) => transaction((tx) => noteLate(tx, action, outcome)),
    keepAction: (action, error) =>
      transaction((tx) => keepAction(tx, context, action, error === undefined ? {} : { error })),
    interruptAction: (action, error) =>
      transaction((tx) => keepAction(tx, context, action, { state: 'interrupted', error })),
    endAction: (action) =>
      transaction((tx) => keepAction(tx, context, action, { state: 'done', error: null })),
    releaseAction: (action) => transaction((tx) => releaseAction(tx, action)),
    takeAction: (runner, silentMs, except) =>
      transaction((tx) => takeAction(tx, context, { runner, silentMs, except })),
    trimActions: () => transaction((tx) => trimActions(tx, context)),
    cancelAction: (id) => transaction((tx) => cancelAction(tx, context, id)),
    listActions: (page) => query(() => listActions(context, page)),
    countActions: (page) => query(() => countActions(context, page)),
    findAction: (id) => query(() => findAction(context, id)),
    countOutcomes: (id) => query(() => countOutcomes(context, id)),
    listResults: (id, outcome, page) => query(() => listResults(context, id, outcome, page)),
  }
}
