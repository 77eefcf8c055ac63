import { expect, test } from 'vitest'
import {
  INSTANCE_STATES,
  type Transition,
  type VmState,
} from '../../../../src/notigen/operations/instance-states.ts'
import type { Operation } from '../../../../src/notigen/operations/operation.ts'
import { OPERATIONS } from '../../../../src/notigen/operations/operations.ts'

const transitions: readonly (readonly [string, Transition])[] = Object.entries(INSTANCE_STATES)
const operations: { readonly [name: string]: Operation } = OPERATIONS

/** Where the rows of a table lead, from a state on. */
function walk({ rows }: Operation, from: VmState): { readonly tasks: string[]; readonly state: string } {
  const tasks: string[] = []
  let state: string = from
  let task: string | null = null
  for (const [, , change = {}] of rows) {
    if (change.state) state = change.state
    if (change.task !== undefined && change.task !== task) {
      task = change.task
      if (task !== null) tasks.push(task)
    }
  }
  expect(task).toBeNull()
  return { tasks, state }
}

test.each(transitions)('the table of %s walks the state machine', (name, { from, tasks, to }) => {
  const operation = operations[name]
  if (!operation) throw new Error(`there is no operation ${name}`)
  for (const begin of from.length === 0 ? (['building'] as const) : from) {
    expect(walk(operation, begin)).toEqual({ tasks: [...tasks], state: to })
  }
})

test('what is no operation on an instance changes none', () => {
  const others = Object.entries(operations).filter(([name]) => !(name in INSTANCE_STATES))
  expect(others.map(([name]) => name)).toEqual(['createKeypair', 'importKeypair', 'image', 'network'])
  for (const [, { rows }] of others) {
    for (const [, , { request, ...change } = {}] of rows) expect(change).toEqual({})
  }
})

test('every state in which an instance can come to rest has an operation that leads out of it', () => {
  const rests = new Set(transitions.map(([, { to }]) => to).filter((state) => state !== 'deleted'))
  for (const state of rests) {
    expect(
      transitions.some(([, { from, to }]) => from.includes(state) && to !== state),
      state,
    ).toBe(true)
  }
})

test.each(Object.entries(operations))('%s has pauses that can be', (_, { rows, weight }) => {
  expect(weight).toBeGreaterThan(0)
  for (const [[least, most]] of rows) {
    expect(least).toBeGreaterThanOrEqual(0)
    expect(most).toBeGreaterThan(least)
  }
})
