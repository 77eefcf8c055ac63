import { expect, onTestFinished, test } from 'vitest'
import { Part } from '../../../sandbox/supervisor/part.ts'
import { until } from '../../support/until.ts'

function partOf(...command: string[]) {
  const [lines, news]: string[][] = [[], []]
  const part = new Part({
    name: 'part',
    command,
    env: process.env,
    onLine: (line) => lines?.push(line),
    onNews: (sentence) => news?.push(sentence),
    backoff: { initialMs: 10, maxMs: 20 },
    stopMs: 300,
  })
  onTestFinished(() => part.stop())
  part.start()
  return { part, lines: lines as string[], news: news as string[] }
}

test('a part that is killed is started again, and says so', async () => {
  const { part, lines, news } = partOf('sh', '-c', 'echo "I am $$"; exec sleep 600')
  await until('its first line', () => lines.length === 1)
  expect(lines).toEqual([`I am ${part.pid}`])
  part.send('SIGKILL')
  await until('its second line', () => lines.length === 2)
  expect(part.restarts).toBe(1)
  expect(news[1]).toMatch(/^ended \(SIGKILL\); starting it again in 0\.0 s$/)
  await part.stop()
  expect(part.pid).toBeUndefined()
  await part.stop()
})

test('one that fails is tried again and again, one that is done is left so', async () => {
  const failing = partOf('sh', '-c', 'exit 3')
  await until('three starts', () => failing.part.restarts >= 3)
  expect(failing.news).toContainEqual(expect.stringMatching(/^ended \(exit code 3\)/))
  const done = partOf('true')
  await until('its end', () => done.news.includes('is done'))
  expect(done.part.restarts).toBe(0)
})

test('a program that is not there is news, and no crash', async () => {
  const { news } = partOf('/nosuch/program')
  await until('news', () => news.some((sentence) => sentence.startsWith('ended')))
})

test('one that does not heed SIGTERM is killed', async () => {
  const { part, lines } = partOf('sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.1; done')
  await until('its line', () => lines.length === 1)
  await part.stop()
  expect(part.pid).toBeUndefined()
})
