/**
 * Returns the first value of each parameter of a request's target. A pair that cannot be decoded, or that holds `;`,
 * is as if it were not there.
 *
 * @example
 * parseQuery('/any?type=json&type=text').get('type') // 'json'
 */
export function parseQuery(target: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of pairsOf(target)) if (!found.has(name)) found.set(name, value)
  return found
}

/**
 * Returns an address with a parameter in its query, which stands there in order of the names.
 *
 * @example
 * withParameter('http://relay:9091/?token=abc', 'type', 'json') // 'http://relay:9091/?token=abc&type=json'
 */
export function withParameter(address: string, name: string, value: string): string {
  const [whole = ''] = address.split('#')
  const others = [...pairsOf(whole)].filter(([other]) => other !== name)
  const pairs = [...others, [name, value] as const].sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
  const query = pairs.map(([one, text]) => `${encoded(one)}=${encoded(text)}`).join('&')
  return `${whole.split('?')[0]}?${query}`
}

function* pairsOf(target: string): Generator<readonly [string, string]> {
  const mark = target.indexOf('?')
  if (mark < 0) return
  for (const pair of target.slice(mark + 1).split('&')) {
    if (pair === '' || pair.includes(';')) continue
    const equals = pair.indexOf('=')
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals))
    const value = decoded(equals < 0 ? '' : pair.slice(equals + 1))
    if (name !== undefined && value !== undefined) yield [name, value]
  }
}

function decoded(text: string): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined
  const bytes = Buffer.from(text.replaceAll('+', ' ')).toString('latin1')
  const plain = bytes.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(plain, 'latin1').toString('utf8')
}

function encoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}
