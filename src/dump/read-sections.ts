import { getManyValues, isMany, none } from 'stream-chain/core'
import { jsonParser, type Token } from 'stream-json/core/parser.js'
import { InvalidError, messageOf } from '../domain/errors.ts'
import { type SectionItem, SectionReader } from './section-reader.ts'

/**
 * Yields the items of the named lists in their order in the text. The lists are members of a JSON object or
 * of its member `db`. Nothing else of the text is kept in memory.
 *
 * Throws InvalidError when the text is not such JSON or has neither events nor streams.
 */
export async function* readSections(
  texts: AsyncIterable<string>,
  sections: ReadonlySet<string>,
): AsyncGenerator<SectionItem> {
  const parse = jsonParser({ streamValues: false })
  const reader = new SectionReader(sections)
  const take = function* (text: string | typeof none) {
    for (const token of tokensOf(() => parse(text as string))) {
      const item = reader.take(token)
      if (item) yield item
    }
  }
  let isFirst = true
  for await (const text of texts) {
    yield* take(isFirst ? text.replace(/^\ufeff/, '') : text)
    isFirst = false
  }
  yield* take(none)
  const isAny = ['events', 'streams'].some((section) => reader.found.has(section))
  if (!isAny) throw new InvalidError('expected a list of events or streams, found neither')
}

function tokensOf(parse: () => unknown): readonly Token[] {
  try {
    const parsed = parse()
    return isMany(parsed) ? (getManyValues(parsed) as Token[]) : []
  } catch (error) {
    throw new InvalidError(`not valid JSON: ${messageOf(error)}`, { cause: error })
  }
}
