/** When Nova had no reason to complain of the broker: between its start and the restart, and after its recovery. */
export type Quiet = { readonly startedAt: number; readonly restartedAt: number; readonly recoveredAt: number }

/** What the broker answers when somebody else's queue or exchange is in the way. */
const IN_THE_WAY =
  /PRECONDITION_FAILED|RESOURCE_LOCKED|ACCESS_REFUSED|inequivalent arg|MessageDeliveryFailure/
/** What oslo.messaging says, and what others say of it. */
const OF_MESSAGING = / (ERROR|CRITICAL) (oslo[._]messaging|amqp|kombu)|MessagingTimeout|MessageUndeliverable/
/** Of moments that were taken before and after. */
const MARGIN_MS = 1000

/** Lines of the logs by which a service says that it could not do with the broker what it wanted. */
export function errorsOf(logs: ReadonlyMap<string, string>, quiet: Quiet): string[] {
  return [...logs].flatMap(([service, text]) =>
    linesOf(text)
      .filter(({ at, line }) => IN_THE_WAY.test(line) || (isQuiet(at, quiet) && OF_MESSAGING.test(line)))
      .map(({ line }) => `${service}: ${line.slice(0, 300)}`),
  )
}

function isQuiet(at: number, { startedAt, restartedAt, recoveredAt }: Quiet): boolean {
  const isBefore = at > startedAt + MARGIN_MS && at < restartedAt - MARGIN_MS
  return isBefore || at > recoveredAt + MARGIN_MS
}

/** Lines with the times at which they were written; those without one have that of the line before. */
function linesOf(text: string): { readonly at: number; readonly line: string }[] {
  let at = 0
  return text.split('\n').map((line) => {
    const time = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d+)/.exec(line)
    if (time) at = Date.parse(`${time[1]}T${time[2]}Z`)
    return { at, line }
  })
}
