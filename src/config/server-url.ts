/** What is wrong with a `database.url`; undefined when nothing is. Never repeats the URL, which holds a password. */
export function databaseUrlFault(url: string): string | undefined {
  if (url.startsWith('sqlite:')) return undefined
  const expected = 'expected mysql://USER:PASSWORD@HOST[:PORT]/NAME, sqlite:PATH or sqlite::memory:'
  return serverUrlFault(mysqlUrl(url), ['mysql:'], expected)
}

/** SQLAlchemy's URLs may name a driver, `mysql+pymysql://…`; without it. */
export function mysqlUrl(url: string): string {
  return url.replace(/^(mysql|mariadb)(\+\w+)?:\/\//, 'mysql://')
}

/** What is wrong with the `url` of a broker; undefined when nothing is. */
export function brokerUrlFault(url: string): string | undefined {
  if (url.startsWith('memory:')) return undefined
  return serverUrlFault(url, ['amqp:', 'amqps:'], 'expected amqp://…, amqps://… or memory:')
}

function serverUrlFault(url: string, protocols: readonly string[], expected: string): string | undefined {
  if (!protocols.some((protocol) => url.startsWith(`${protocol}//`))) return expected
  const parsed = URL.parse(url)
  if (parsed && parsed.hash === '' && parsed.hostname !== '') return undefined
  return `${expected}; write what is special in a URL as %23 for #, %2F for /, %40 for @`
}
