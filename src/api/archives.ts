import { z } from 'zod'
import { ConflictError } from '../domain/errors.ts'
import { type Operation, operation } from '../http/operation.ts'
import { archivesQuery, DEFAULT_LIMIT, noParams } from './params.ts'
import { archiveFile } from './shapes.ts'

/** Lists archive files behind a name, in the order of their names. */
export type ArchiveLister = (page: { limit: number; after: string | undefined }) => Promise<object[]>

/** Returns the operation of `/v1/archives`. `list` is absent where the server has no archive. */
export function archiveOperation(list: ArchiveLister | undefined): Operation {
  return operation({
    method: 'get',
    path: '/v1/archives',
    summary:
      'complete files of the archive in the order of their names, as `stv3 archive ls` shows them; of those without an index only form and size',
    query: archivesQuery,
    params: noParams,
    answer: z.array(archiveFile),
    httpProblems: { 409: 'the configuration of the API has no archive' },
    async run({ query: { limit = DEFAULT_LIMIT, after } }) {
      if (!list) throw new ConflictError('this API has no archive')
      return list({ limit, after })
    },
  })
}
