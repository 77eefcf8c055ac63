import type { LetterVerb, StreamVerb } from '../domain/action.ts'
import type { RestAction, RestActionResult } from '../formats/action-form.ts'
import type { CallOptions } from './call-options.ts'
import { pages } from './pages.ts'
import {
  type DeadLetterQuery,
  deadLetterParams,
  type PageQuery,
  pageParams,
  type StreamQuery,
  streamParams,
} from './query.ts'
import type { createRequester } from './request.ts'
import { segment } from './segment.ts'

type Counts = [{ readonly count: number }]

/** Something to be done to all streams that match a filter. */
export type StreamAction = {
  readonly action: StreamVerb
  readonly filter: Omit<StreamQuery, keyof PageQuery>
}

/** Something to be done to all dead letters that match a filter. */
export type DeadLetterAction = {
  readonly action: LetterVerb
  readonly filter: Omit<DeadLetterQuery, keyof PageQuery>
}

/** A bulk action of a list; `_mark` is its place in the list. */
export type ListedAction = RestAction & { readonly _mark: string }

/** The methods of a client for bulk actions. */
export type ActionMethods = {
  /** Returns how many streams an action would be done to. */
  countStreamAction(action: StreamAction, options?: CallOptions): Promise<number>
  /** Begins an action on all streams that match a filter. */
  beginStreamAction(action: StreamAction, options?: CallOptions): Promise<RestAction>
  countDeadLetterAction(action: DeadLetterAction, options?: CallOptions): Promise<number>
  /** Begins an action on all dead letters that match a filter. */
  beginDeadLetterAction(action: DeadLetterAction, options?: CallOptions): Promise<RestAction>
  listActions(query?: PageQuery, options?: CallOptions): Promise<ListedAction[]>
  countActions(query?: PageQuery, options?: CallOptions): Promise<number>
  actions(query?: PageQuery, options?: CallOptions): AsyncGenerator<ListedAction>
  /** Returns a bulk action with how far it has come. */
  getAction(id: number | string, options?: CallOptions): Promise<RestAction>
  /** Yields what has become of the items of an action by now, upwards. */
  actionResults(
    id: number | string,
    query?: { readonly outcome?: string | undefined },
    options?: CallOptions,
  ): AsyncGenerator<RestActionResult>
  /** Ends an action; what is done stays. */
  cancelAction(id: number | string, options?: CallOptions): Promise<void>
}

/** Returns the methods of a client for bulk actions. */
export function actionMethods(request: ReturnType<typeof createRequester>): ActionMethods {
  const path = (id: number | string) => `/v1/actions/${segment('the id of an action', id)}`
  const ofStreams = ({ action, filter }: StreamAction) => ({ action, filter: streamParams(filter) })
  const ofLetters = ({ action, filter }: DeadLetterAction) => ({ action, filter: deadLetterParams(filter) })
  const post = <T>(target: string, body: object, signal: AbortSignal | undefined) =>
    request<T>({ method: 'POST', path: `/v1/${target}/actions`, body, signal })
  const count = async (target: string, body: object, signal: AbortSignal | undefined) =>
    (await post<{ readonly count: number }>(target, { ...body, dry_run: true }, signal)).count
  const list = async (query: PageQuery, signal: AbortSignal | undefined) =>
    request<ListedAction[]>({ method: 'GET', path: '/v1/actions', params: pageParams(query), signal })

  return {
    countStreamAction: async (action, { signal } = {}) => count('streams', ofStreams(action), signal),
    beginStreamAction: async (action, { signal } = {}) =>
      post<RestAction>('streams', ofStreams(action), signal),
    countDeadLetterAction: async (action, { signal } = {}) =>
      count('dead-letters', ofLetters(action), signal),
    beginDeadLetterAction: async (action, { signal } = {}) =>
      post<RestAction>('dead-letters', ofLetters(action), signal),
    listActions: async (query = {}, { signal } = {}) => list(query, signal),
    async countActions(query = {}, { signal } = {}) {
      const params = pageParams(query)
      const [row] = await request<Counts>({ method: 'GET', path: '/v1/actions/count', params, signal })
      return row.count
    },
    actions: (query = {}, { signal } = {}) => pages(query, (page) => list(page, signal)),
    getAction: async (id, { signal } = {}) => request({ method: 'GET', path: path(id), signal }),
    actionResults: (id, { outcome } = {}, { signal } = {}) =>
      pages({ mark: '+', limit: 1000 }, (page) =>
        request<RestActionResult[]>({
          method: 'GET',
          path: `${path(id)}/results`,
          params: { ...pageParams(page), ...(outcome === undefined ? {} : { outcome }) },
          signal,
        }),
      ),
    cancelAction: async (id, { signal } = {}) =>
      request({ method: 'POST', path: `${path(id)}/cancel`, signal }),
  }
}
