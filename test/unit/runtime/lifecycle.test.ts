import { expect, test } from 'vitest'
import { createGroup, createTeam, type Service } from '../../../src/runtime/lifecycle.ts'

/** Services that note what happens to them; those that are named reject. */
function services(failing: { start?: string; stop?: readonly string[] } = {}) {
  const notes: string[] = []
  const create = (name: string): Service => ({
    async start() {
      notes.push(`start ${name}`)
      if (failing.start === name) throw new Error(`${name} cannot start`)
    },
    async stop() {
      notes.push(`stop ${name}`)
      if (failing.stop?.includes(name)) throw new Error(`${name} cannot stop`)
    },
  })
  return { all: ['a', 'b', 'c'].map(create), notes }
}

test('a group starts in order and stops in reverse, once', async () => {
  const { all, notes } = services()
  const group = createGroup(all)
  await group.stop()
  await group.start()
  await group.stop()
  await group.stop()
  expect(notes).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a'])
})

test('a stop that fails keeps no other from being stopped, and the first error is told', async () => {
  const { all, notes } = services({ stop: ['c', 'b'] })
  const group = createGroup(all)
  await group.start()
  await expect(group.stop()).rejects.toThrow('c cannot stop')
  expect(notes.slice(3)).toEqual(['stop c', 'stop b', 'stop a'])
})

test('a start that fails is told, also where stopping what had started fails', async () => {
  const { all, notes } = services({ start: 'b', stop: ['a', 'b'] })
  await expect(createGroup(all).start()).rejects.toThrow('b cannot start')
  expect(notes).toEqual(['start a', 'start b', 'stop b', 'stop a'])
})

test('a team stops all, whatever becomes of one, and after a start that fails too', async () => {
  const stopping = services({ stop: ['a'] })
  const team = createTeam(stopping.all)
  await team.start()
  await expect(team.stop()).rejects.toThrow('a cannot stop')
  expect(stopping.notes.slice(3).toSorted()).toEqual(['stop a', 'stop b', 'stop c'])
  const starting = services({ start: 'b', stop: ['c'] })
  await expect(createTeam(starting.all).start()).rejects.toThrow('b cannot start')
  expect(starting.notes.slice(2).toSorted()).toEqual(['stop a', 'stop b', 'stop c'])
})
