import { describe, expect, test } from 'vitest'
import type { AppMessage, ConsumerApp } from '../../../../src/consumer/apps/app.ts'
import { AtomPubApp } from '../../../../src/consumer/apps/atompub-app.ts'
import { ElasticsearchApp } from '../../../../src/consumer/apps/elasticsearch-app.ts'
import { compileDefinitions } from '../../../../src/distiller/definition.ts'
import { createDistiller } from '../../../../src/distiller/distiller.ts'
import type { Notification } from '../../../../src/domain/notification.ts'
import { silentLogger } from '../../../../src/runtime/logger.ts'
import { createShared } from '../../../../src/runtime/shared.ts'
import { httpServer, reply } from '../../../support/http-server.ts'

const SERVICES = { logger: silentLogger, shared: createShared() }
const WAITS = { initialMs: 1, maxMs: 2, refusedAfter: 4 }

function message(messageId: string): AppMessage {
  const notification = {
    event_type: 'x',
    message_id: messageId,
    timestamp: '2026-01-01T00:00:00',
    payload: {},
  } as unknown as Notification
  return { queue: 'q', body: Buffer.from(''), eventType: 'x', messageId, notification }
}

const APPS: readonly (readonly [string, (url: string) => ConsumerApp])[] = [
  [
    'AtomPub',
    (url) =>
      new AtomPubApp(
        {
          feed: { url, auth: undefined, timeoutMs: 30_000 },
          waits: WAITS,
          content: 'notification',
          extra: {},
        },
        SERVICES,
      ),
  ],
  [
    'ElasticsearchHandler',
    (url) =>
      new ElasticsearchApp(
        {
          server: { url, index: 'i', headers: {}, timeoutMs: 30_000, waits: WAITS },
          region: undefined,
          distiller: createDistiller(
            compileDefinitions([{ event_type: '*', traits: {} }], { error: () => {} } as never),
            {
              catchAll: true,
            },
          ),
        },
        SERVICES,
      ),
  ],
]

describe.each(APPS)('%s', (_, make) => {
  /** What became of messages that come one lot after the other. */
  async function outcomesOf(lots: readonly (readonly string[])[], isAway = (_number: number) => false) {
    const { url } = await httpServer((response, { body }, number) => {
      const text = String(body)
      const items = [...text.matchAll(/"_id"/g)].map(() => ({ index: { status: 201 } }))
      reply(response, isAway(number) || text.includes('bad') ? 500 : 200, { items })
    })
    const app = make(url)
    const context = { logger: silentLogger, signal: new AbortController().signal }
    const outcomes: string[] = []
    for (const lot of lots) {
      const told = await app.handleMessages(lot.map(message), context)
      for (const [index, outcome] of told.entries())
        if (outcome !== undefined) outcomes.push(`${lot[index]} ${outcome.includes('answered 500')}`)
    }
    return outcomes
  }

  const many = Array.from({ length: 30 }, (_, index) => `good${index}`)

  test('messages that a server refuses while it takes others are told, wherever they stand', async () => {
    expect(await outcomesOf([['bad0', ...many, 'bad1', ...many.map((id) => `${id}x`), 'bad2']])).toEqual([
      'bad0 true',
      'bad1 true',
      'bad2 true',
    ])
  })

  test('one that stands alone in its queue holds up what comes after it for a while only', async () => {
    expect(await outcomesOf([['good0'], ['bad0'], ['good1'], ['good2', 'bad1'], ['good3']])).toEqual([
      'bad0 true',
      'bad1 true',
    ])
  })

  test('a server that answers 500 to all for a while refuses none', async () => {
    const isAway = (number: number) => number > 3 && number < 300
    expect(await outcomesOf([['good'], many], isAway)).toEqual([])
  })
})
