import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RelaxNGValidator, XmlDocument } from 'libxml2-wasm'
import { describe, expect, test } from 'vitest'
import { serveApi } from '../support/api.ts'
import { DATABASES } from '../support/databases.ts'
import { event, routerOf } from '../support/events.ts'
import { StoreFixture } from '../support/store-fixture.ts'

const ATOM = { a: 'http://www.w3.org/2005/Atom' }

/** Parses a feed and checks it against the schema. */
function parsed(text: string): XmlDocument {
  const schema = XmlDocument.fromString(
    readFileSync(join(import.meta.dirname, '../support/atom.rng'), 'utf8'),
  )
  const validator = RelaxNGValidator.fromDoc(schema)
  const document = XmlDocument.fromString(text)
  validator.validate(document)
  return document
}

const texts = (document: XmlDocument, path: string) => document.find(path, ATOM).map(({ content }) => content)

const link = (document: XmlDocument, rel: string) => texts(document, `/a:feed/a:link[@rel="${rel}"]/@href`)[0]

describe.each(DATABASES)('the feed of events over $name', ({ open }) => {
  const fixture = new StoreFixture(open)
  const put = (count: number, from = 0) =>
    fixture.put(
      routerOf({ match_criteria: [{ event_type: 'none' }] }),
      Array.from({ length: count }, (_, index) =>
        event({
          messageId: `feed <${index + from}> & "é\u0001`,
          eventType: index % 2 ? 'a<b>&"c' : 'order.made',
          traits: { note: { type: 'text', value: `]]> <x> & \u0002 ${index + from}` } },
        }),
      ),
    )

  test('is valid, and its links lead through all pages both ways', async () => {
    const url = await serveApi({ store: fixture.store })
    await put(5)
    const get = async (path: string) => {
      const response = await fetch(new URL(path, `${url}/v1/`))
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toMatch(/^application\/atom\+xml/)
      return parsed(await response.text())
    }
    const pages: string[][] = []
    let newest = ''
    for (let path: string | undefined = 'events.atom?limit=2'; path !== undefined; ) {
      const page = await get(path)
      newest ||= link(page, 'previous') ?? ''
      pages.push(texts(page, '/a:feed/a:entry/a:id'))
      expect(link(page, 'first')).toBe('events.atom?limit=2')
      path = link(page, 'next')
    }
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1, 0])
    expect(new Set(pages.flat()).size).toBe(5)
    expect(pages[0]?.[0]).toBe('urn:x-stacktach:event:feed%20%3C4%3E%20%26%20%22%C3%A9%01')
    // A subscriber asks for what is newer than its last page, again and again.
    expect(texts(await get(newest), '//a:entry')).toEqual([])
    await put(3, 5)
    const fresh = await get(newest)
    expect(texts(fresh, '/a:feed/a:entry/a:id')).toHaveLength(2)
    expect(texts(fresh, '/a:feed/a:entry/a:id')[0]).toContain('feed%20%3C6%3E')
    const [content = ''] = texts(fresh, '/a:feed/a:entry/a:content')
    expect(JSON.parse(content)).toMatchObject({ event_type: 'a<b>&"c', note: ']]> <x> & \u0002 6' })
    const filtered = await get('events.atom?event_name=order.*')
    expect(new Set(texts(filtered, '//a:category/@term'))).toEqual(new Set(['order.made']))
    expect(texts(filtered, '/a:feed/a:id')).not.toEqual(texts(fresh, '/a:feed/a:id'))
  })

  test('is valid without events too, and the schema refuses what is none', async () => {
    const url = await serveApi({ store: fixture.store })
    const text = await (await fetch(`${url}/v1/events.atom`)).text()
    parsed(text)
    for (const wrong of [
      text.replace(/<updated>.*?<\/updated>/, ''),
      text.replace('Z</updated>', '</updated>'),
      text.replace('urn:x-stacktach:', ''),
      text.replace('</feed>', '<entry><id>urn:x:y</id></entry></feed>'),
    ])
      expect(() => parsed(wrong)).toThrow()
    expect((await fetch(`${url}/v1/events.atom?limit=x`)).status).toBe(400)
  })
})
