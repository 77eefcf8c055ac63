import { ConflictError } from '../domain/errors.ts'
import type { HekaStatistics } from '../formats/heka-form.ts'
import { type Operation, operation } from '../http/operation.ts'
import { noParams } from './params.ts'
import { hekaStatistics } from './shapes.ts'

/** Reads what came of Heka in the last minute. */
export type HekaReader = () => Promise<HekaStatistics>

/** Returns the operation of `/v1/heka`. `read` is absent where the server knows no statistics daemon. */
export function hekaOperation(read: HekaReader | undefined): Operation {
  return operation({
    method: 'get',
    path: '/v1/heka',
    summary: 'messages of Heka in the last minute, second by second: throughput, lag, batches, and senders',
    query: noParams,
    params: noParams,
    answer: hekaStatistics,
    httpProblems: { 409: 'the configuration of the API names no `stv3 heka-stats`, or it is away' },
    async run() {
      if (!read) throw new ConflictError('this API knows no stv3 heka-stats; api.heka_stats names one')
      return read()
    },
  })
}
