import { createServer, request, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { type AnswerMemory, createAnswerMemory } from '../../../src/http/answer-memory.ts'
import { converse } from '../../support/converse.ts'
import { until } from '../../support/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

/** A server whose answers are made by `answer`. */
async function serve(answer: (response: ServerResponse, path: string) => Promise<void>): Promise<number> {
  const server = createServer((asked, response) => void answer(response, asked.url ?? '').catch(() => {}))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as { port: number }).port
}

test('answers together hold no more than there is, each gets its turn, and what ends gives back', async () => {
  const memory = createAnswerMemory(100, 600_000)
  let [held, most] = [0, 0]
  const port = await serve(async (response, path) => {
    const bytes = Number(path.slice(1))
    const mine = memory.of(response)
    await mine.hold(bytes)
    held += bytes
    most = Math.max(most, held)
    await delay(1)
    await mine.hold(bytes / 2)
    held -= bytes / 2
    await delay(1)
    held -= bytes / 2
    response.end('done')
  })
  const url = `http://127.0.0.1:${port}`
  const sizes = Array.from({ length: 60 }, (_, n) => [10, 40, 100, 250][n % 4])
  const answers = await Promise.all(sizes.map((bytes) => converse(url, GET.replace('/', `/${bytes}`))))
  expect(answers.every((answer) => answer.endsWith('done'))).toBe(true)
  // One that wants more than there is gets it, alone.
  expect(most).toBe(250)
})

test('who waits and goes is waited for by nobody', async () => {
  const memory = createAnswerMemory(100, 600_000)
  const responses: ServerResponse[] = []
  const outcomes: string[] = []
  const port = await serve(async (response) => {
    responses.push(response)
    const number = responses.length
    await memory
      .of(response)
      .hold(100)
      .then(
        () => outcomes.push(`${number} holds`),
        () => outcomes.push(`${number} has gone`),
      )
  })
  const clients = [1, 2, 3].map(() => request({ port }).on('error', () => {}))
  for (const [index, client] of clients.entries()) {
    client.end()
    await until('it asks', () => responses.length === index + 1)
  }
  expect(outcomes).toEqual(['1 holds'])
  clients[1]?.destroy()
  await until('it has gone', () => outcomes.length === 2)
  responses[0]?.end()
  await until('the next holds', () => outcomes.length === 3)
  expect(outcomes).toEqual(['1 holds', '2 has gone', '3 holds'])
  responses[2]?.end()
})

/** Writes without end as long as the client takes it, until `isOver`. */
async function pour(memory: AnswerMemory, response: ServerResponse, isOver: () => boolean): Promise<void> {
  const mine = memory.of(response)
  await mine.hold(100)
  while (!isOver() && (await mine.write(Buffer.alloc(100_000)))) await delay(1)
  response.end()
}

test('who does not take its answer is cut off for those that wait, who takes it is not', async () => {
  const memory = createAnswerMemory(200, 3000)
  let isOver = false
  const port = await serve(async (response, path) => {
    if (path !== '/short') return pour(memory, response, () => isOver)
    await memory.of(response).hold(100)
    response.end('done')
  })
  const url = `http://127.0.0.1:${port}`
  const stuck = connect(port, '127.0.0.1', () => stuck.write(GET))
  stuck.on('error', () => {})
  onTestFinished(() => {
    stuck.destroy()
  })
  stuck.pause()
  let got = 0
  const taking = request({ port }, (response) =>
    response.on('data', (part: Buffer) => {
      got += part.length
    }),
  )
  taking.end()
  await until('it takes its answer', () => got > 1_000_000)
  expect(await converse(url, GET.replace('/', '/short'))).toMatch(/done$/)
  const before = got
  await until('the other goes on', () => got > before)
  isOver = true
})
