import { expect, test } from 'vitest'
import { parseChildren } from '../../../src/cli/status/relay-options.ts'
import { ManualStatusClock } from '../../support/manual-status-clock.ts'
import { moveSlowly, recordingParent, runningStatus, settled } from '../../support/status-tree.ts'
import {
  modelDifferences,
  type ScrapeVector,
  type StatusVectors,
  vectorBytes,
} from '../../support/status-vectors.ts'
import { loadVectors } from '../../support/vectors.ts'

const { scrape } = loadVectors<StatusVectors>('status.json')

type Look = { readonly text: string; readonly model: object; readonly refused: number }

async function run(vector: ScrapeVector): Promise<{ looks: readonly Look[]; requests: readonly object[] }> {
  const { children, child_answers: answers, requests_to_child: wanted, looks } = vector
  const clock = new ManualStatusClock()
  let begun = 0
  const child = await recordingParent(clock, (response) => {
    const answer = answers[Math.min(begun++, answers.length - 1)]
    if (!answer) return void response.destroy()
    response.writeHead(answer.status, answer.headers).end(vectorBytes(answer.body))
  })
  const { port } = new URL(child.url)
  const { status, url } = await runningStatus({
    clock,
    children: parseChildren(children.replace('<port>', port)),
  })
  const found: Look[] = []
  const refused = () => [...status.refusals().values()].reduce((sum, one) => sum + one, 0)
  const redirects = answers.filter((one) => one.status === 302).length
  /** Whether what was recorded up to now has been asked for, and its answers have been stored or refused. */
  const isDone = () => {
    const due = wanted.filter((one) => one.at <= clock.now() / 1000 + 0.1).length
    return child.received.length >= due && status.index() + refused() >= due - redirects
  }
  for (const { at } of looks.length > 0 ? looks : [{ at: 1.5 }]) {
    await settled(isDone)
    await moveSlowly(clock, at * 1000, isDone)
    const text = await (await fetch(url)).text()
    const model = (await (await fetch(`${url}/?type=json`)).json()) as object
    found.push({ text, model, refused: refused() })
  }
  return { looks: found, requests: child.received.map(({ method, target }) => ({ method, target })) }
}

test.each(scrape.filter(({ differs_on_purpose: differs }) => differs === undefined))(
  '$id',
  async (vector) => {
    const { looks, requests } = await run(vector)
    expect(looks.map(({ text }) => text)).toEqual(vector.looks.map(({ text }) => text))
    for (const [index, { model }] of looks.entries()) {
      const wanted = vector.looks[index]?.model ?? {}
      // A real answer takes its time, the manual clock does not.
      expect(modelDifferences(model as never, wanted)).toEqual([])
    }
    expect(requests).toEqual(vector.requests_to_child.map(({ method, target }) => ({ method, target })))
  },
)

test.each(['scrape-404-json', 'scrape-null-entry'])(
  '%s differs: nothing is taken, and all goes on',
  async (id) => {
    const { looks } = await run(scrape.find((one) => one.id === id) as ScrapeVector)
    expect(looks).toEqual([{ text: '', model: {}, refused: 1 }])
  },
)

test('every vector that differs has a test of its own', () => {
  const different = scrape.filter(({ differs_on_purpose: differs }) => differs !== undefined)
  expect(different.map(({ id }) => id)).toEqual(['scrape-404-json', 'scrape-null-entry'])
})
