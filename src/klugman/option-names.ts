/** The options of klugman by the parameters of the API that they become. */
const OPTIONS: { readonly [parameter: string]: string } = {
  from_datetime: '--from',
  younger_than: '--from',
  to_datetime: '--to',
  older_than: '--to',
  traits: '--traits',
  distinguishing_traits: '--traits',
  event_name: '--name',
  trigger_name: '--name',
  state: '--state',
  limit: '--limit',
  mark: '--mark',
  stage: '--stage',
  queue: '--queue',
  stream: '--stream',
  id: '--id',
}

/**
 * Returns an error of the API with the name of the option in place of that of the parameter.
 *
 * @example
 * withOptionNames('from_datetime: "x" is no time') // '--from: "x" is no time'
 */
export function withOptionNames(sentence: string): string {
  return sentence.replace(/^(\w+)(?=: )/, (parameter) => OPTIONS[parameter] ?? parameter)
}
