import { expect, test } from 'vitest'
import { StoryLines } from '../../../sandbox/supervisor/story-lines.ts'
import { until } from '../../support/until.ts'

const told = (stream: number, msg: string) =>
  JSON.stringify({ level: 'info', stream, trigger: 'instance_day', message_id: 'm', msg })

test('the events of a stream become one line', async () => {
  const printed: string[] = []
  const stories = new StoryLines((line) => printed.push(line))
  for (const type of ['create.start', 'update', 'exists']) expect(stories.take(told(7, type))).toBe(true)
  expect(stories.take(told(8, 'exists'))).toBe(true)
  expect(printed).toEqual(['stream 7 of instance_day: 3 events, create.start … exists'])
  expect(stories.take('{"level":"info","msg":"running"}')).toBe(false)
  expect(printed[1]).toBe('stream 8 of instance_day: 1 event, exists')
  stories.take(told(9, 'exists'))
  await until('the last to be printed', () => printed.length === 3)
  stories.flush()
  expect(printed).toHaveLength(3)
})

test.each(['{"message_id":', '{"message_id":"m","msg":"x","level":"info"}', 'message_id'])(
  '%s tells no event',
  (line) => {
    expect(new StoryLines(() => {}).take(line)).toBe(false)
  },
)
