import { expect, test } from 'vitest'
import { parseTypedEvent } from '../../../../src/formats/typed-form.ts'
import { AtomPubHandler } from '../../../../src/pipeline/handlers/atompub-handler.ts'
import { createHandlerContext } from '../../../../src/pipeline/handlers/handler-context.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { xmlAttribute, xmlText } from '../../../../src/text/xml.ts'
import { handlerOf } from '../../../support/handlers.ts'
import { loadVectors } from '../../../support/vectors.ts'

type Published = {
  message_id: string
  atom?: string
  error?: string
  content_json?: object
  atom_template?: string
}
type Vector = { cat: string; params: object; events: { [name: string]: unknown }[]; published: Published[] }

const vectors = loadVectors<Vector[]>('atompub.json')

function madeOf({ params }: Vector, warn = (_: object, _message: string) => {}) {
  const context = createHandlerContext({ ...silentLogger, warn })
  return handlerOf(AtomPubHandler, { url: 'http://127.0.0.1:1', ...params }, context)
}

function published(vector: Vector): { message_id: string; atom: string }[] {
  const handler = madeOf(vector)
  handler.handleEvents(vector.events.map(parseTypedEvent))
  return handler.wouldPublish() as { message_id: string; atom: string }[]
}

/** The recorded text as it would be if its values had been escaped: nothing in them looks like a tag of the entry. */
function escaped(recorded: string): string {
  const attributes = recorded.replace(
    /(<atom:category term|(?<= )[A-Za-z]+)="(.*?)"(?= \/>|\/>|>| [A-Za-z:]+=")/g,
    (_, name, value) => `${name}=${xmlAttribute(value)}`,
  )
  return attributes.replace(/(<atom:title type="text">)(.*?)(<\/atom:title>)/s, (_, open, text, close) => {
    return `${open}${xmlText(text)}${close}`
  })
}

test.each(vectors.map((vector, index) => [index, vector.cat, vector] as const))(
  '%i: %s',
  (_, _cat, vector) => {
    const failing = vector.published.find(({ error }) => error)
    if (failing?.error === 'TypeError' && vector.cat === 'cuf_xml') {
      const error = /^event .* has .* but not .*, so the time of its usage cannot be told$/
      expect(published(vector)).toEqual([
        { message_id: failing.message_id, error: expect.stringMatching(error) },
      ])
      return
    }
    const entries = published(vector)
    expect(entries.map(({ message_id }) => message_id)).toEqual(
      vector.published.map(({ message_id }) => message_id),
    )
    for (const [index, wanted] of vector.published.entries()) {
      const { atom } = entries[index] as { atom: string }
      if (wanted.content_json) expect(jsonOf(atom)).toEqual(wanted.content_json)
      else if (wanted.atom) expect(atom).toBe(escaped(wanted.atom))
      if (wanted.atom_template)
        expect(withoutContent(atom)).toBe(escaped(withoutContent(wanted.atom_template)))
    }
  },
)

test('the original fails on times in JSON; here they are ISO text', () => {
  const failed = vectors.filter(({ cat, published }) => cat === 'json' && published[0]?.error)
  expect(failed.length).toBeGreaterThan(0)
  for (const vector of failed) {
    const content = jsonOf(published(vector)[0]?.atom ?? '') as { [name: string]: unknown }
    expect(Object.values(content)).toContain('2020-01-02T03:04:05')
  }
})

test('unusable rax_options count as 0 with a line of log', () => {
  const vector = vectors.find(({ published }) => published[0]?.error === 'ValueError') as Vector
  const lines: string[] = []
  const handler = madeOf(vector, (_, message) => lines.push(message))
  handler.handleEvents(vector.events.map(parseTypedEvent))
  expect(lines).toEqual(['rax_options "abc" are no number; 0 is taken'])
  expect(handler.wouldPublish()).toEqual([
    expect.objectContaining({ atom: expect.stringContaining('osLicenseType="LINUX" bandwidthIn') }),
  ])
})

test.each([
  ['active', 'rebooting', 'REBOOT'],
  ['active', 'rebooting_hard', 'HARD_REBOOT'],
  ['active', 'resize_migrated', 'RESIZE'],
  ['active', 'rebuild_spawning', 'REBUILD'],
  ['resized', 'resize_reverting', 'REVERT_RESIZE'],
  ['stopped', 'rebooting', 'SHUTOFF'],
  ['constructor', 'toString', 'UNKNOWN'],
])('an instance that is %s and %s shows as %s', (state, task, status) => {
  const handler = madeOf({ params: { content_format: 'cuf_xml' } } as Vector)
  const traits = { state: { type: 'text', value: state }, state_description: { type: 'text', value: task } }
  handler.handleEvents([parseTypedEvent({ event_type: 'x', message_id: 'm', traits })])
  expect(JSON.stringify(handler.wouldPublish())).toContain(`status=\\"${status}\\"`)
})

const CONTENT = /(<atom:content [^>]*>)(.*)(<\/atom:content>)/s

function withoutContent(atom: string): string {
  return atom.replace(CONTENT, '$1$3')
}

function jsonOf(atom: string): object {
  const text = (CONTENT.exec(atom)?.[2] ?? '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
  return JSON.parse(text)
}
