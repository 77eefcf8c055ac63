import { expect, onTestFinished, test } from 'vitest'
import { createHttpService } from '../../../src/http/http-service.ts'
import { createStatus } from '../../../src/status/create-status.ts'
import { ManualStatusClock } from '../../support/manual-status-clock.ts'
import {
  differencesOf,
  type RawAnswer,
  type ServerVector,
  type StatusVectors,
  sendRaw,
} from '../../support/status-vectors.ts'
import { loadVectors } from '../../support/vectors.ts'

const { server } = loadVectors<StatusVectors>('status.json')

async function run(
  { steps }: ServerVector,
  judge: (answer: RawAnswer, differences: string[], step: number) => void,
) {
  const clock = new ManualStatusClock()
  const status = createStatus({ clock })
  const service = createHttpService(status.handler, { host: '127.0.0.1', port: 0 }, undefined, {
    refusals: 'text',
  })
  await service.start()
  await status.start()
  onTestFinished(async () => {
    await status.stop()
    await service.stop()
  })
  for (const [index, step] of steps.entries()) {
    if ('wait' in step) clock.moveTo((step.absolute ? 0 : clock.now()) + step.wait * 1000)
    else {
      const answer = await sendRaw(service.address().port, step.request)
      judge(answer, differencesOf(answer, step.response), index)
    }
  }
}

test.each(server.filter(({ differs_on_purpose: differs }) => differs === undefined))(
  '$id',
  async (vector) => {
    await run(vector, (_, differences) => {
      // Types that were guessed from the first bytes are a fault of the original, marked in value-sniff-nul alone.
      const counted = differences.filter((one) => !one.includes('"application/octet-stream"'))
      expect(counted).toEqual([])
    })
  },
)

const DIFFERENCES: { readonly [id: string]: (answers: readonly RawAnswer[]) => void } = {
  'method-put': ([answer]) => {
    expect(answer?.status).toBe(405)
    expect(answer?.headers.allow).toBe('GET, HEAD, POST, OPTIONS')
  },
  'post-type-upper': ([posted, got]) => {
    expect(posted?.status).toBe(200)
    expect(got?.body.toString()).toBe('kiln.celsius: 840\nkiln.state: heating\n')
  },
  'value-sniff-nul': ([, got]) => {
    expect(got?.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(got?.headers['x-content-type-options']).toBe('nosniff')
    expect(got?.body.toString()).toBe('a: \u0001\u0002\n')
  },
  'keys-any': ([posted, got]) => {
    expect(posted?.status).toBe(200)
    const keys = Object.keys(JSON.parse(String(got?.body)))
    expect(keys.filter((key) => /[^\w./-]/.test(key) || key === '' || /(^|\/)\.?(\/|$)/.test(key))).toEqual(
      [],
    )
    expect(keys).toEqual(
      expect.arrayContaining(['ab', 'a.b', 'a..b', '__', '09', 'x/y/z/q', 'A'.repeat(300)]),
    )
    expect(Number(posted?.headers['status-refused'])).toBeGreaterThan(10)
  },
}

const different = server.filter(({ differs_on_purpose: differs }) => differs !== undefined)

test.each(different)('$id differs: $differs_on_purpose', async (vector) => {
  const answers: RawAnswer[] = []
  await run(vector, (answer) => answers.push(answer))
  const judge = DIFFERENCES[vector.id]
  expect(judge, vector.id).toBeDefined()
  judge?.(answers)
})
