import { z } from 'zod'
import { ConflictError } from '../domain/errors.ts'
import type { RestShipHost } from '../formats/ship-form.ts'
import { type Operation, operation } from '../http/operation.ts'
import { noParams } from './params.ts'
import { shipHost } from './shapes.ts'

/** Lists the hosts that ship files. */
export type ShipLister = () => Promise<readonly RestShipHost[]>

/** Returns the operation of `/v1/ship`. `list` is absent where the server knows no ship-server. */
export function shipOperation(list: ShipLister | undefined): Operation {
  return operation({
    method: 'get',
    path: '/v1/ship',
    summary:
      'hosts that ship their files: last contact, what was shipped, what is pending, the oldest file that is not shipped, and errors',
    query: noParams,
    params: noParams,
    answer: z.array(shipHost),
    httpProblems: { 409: 'the configuration of the API names no ship-server, or it is away' },
    async run() {
      if (!list) throw new ConflictError('this API knows no stv3 ship-server; api.ship_server names one')
      return list()
    },
  })
}
