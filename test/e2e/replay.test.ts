import { expect, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { temporaryFolder } from '../support/folders.ts'
import { recordedDay, writeLines } from '../support/notifications.ts'
import { ALL, CONFIG, idsOf, openDeployment } from '../support/replay-deployment.ts'

test('what a dry run shows is what the replay makes; --compare finds no difference between them', async () => {
  const { lines } = recordedDay()
  const file = writeLines(temporaryFolder(), 'day.jsonl', lines.slice(0, 500))
  const { env, store } = await openDeployment()
  const args = ['replay', file, '-c', CONFIG]
  const dry = JSON.parse((await runProgram('stv3', [...args, '--dry-run', '--json'], env)).stdout)
  expect((await runProgram('stv3', args, env)).code).toBe(0)
  const streams = await store.listStreams({}, ALL)
  const members = await store.eventsOfStreams(streams.map(({ id }) => id))
  expect(
    dry.streams.map(({ name, state, events }: { [field: string]: unknown }) => ({ name, state, events })),
  ).toEqual(
    streams.map(({ id, name, state }) => ({
      name,
      state,
      events: members.get(id)?.map(({ messageId }) => messageId),
    })),
  )
  const made = new Set(dry.events.map(({ message_id }: { message_id: string }) => message_id))
  const given = new Set(lines.map((line) => JSON.parse(line).message_id))
  expect((await idsOf(store)).filter((id) => !given.has(id)).sort()).toEqual([...made].sort())
  const compared = await runProgram('stv3', [...args, '--dry-run', '--compare'], env)
  expect(compared).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^0 keys differ, \d+ keys are the same/),
  })
  await store.close()
})
