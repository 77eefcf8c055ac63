import type {
  Handler,
  HandlerContext,
  HandlerParams,
  HandlerServices,
  OpenedHandler,
} from '../../src/pipeline/handler.ts'
import { checkedParams } from '../../src/pipeline/handlers/check-params.ts'

/** A handler that is built in and opens at once. */
export type OpeningClass<H extends Handler> = {
  open(params: HandlerParams, services: HandlerServices): OpenedHandler<H>
}

/** Opens a step with these parameters, as a worker does before its first run. */
export function openStep<H extends Handler>(
  handlerClass: OpeningClass<H>,
  params: HandlerParams,
  services: HandlerServices,
): OpenedHandler<H> {
  return handlerClass.open(checkedParams(handlerClass, params), services)
}

/** Makes the handler of the only run of a step. */
export function handlerOf<H extends Handler>(
  handlerClass: OpeningClass<H>,
  params: HandlerParams,
  context: HandlerContext,
): H {
  return openStep(handlerClass, params, context).forRun(context)
}
