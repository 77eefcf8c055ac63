import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'
import { fetchCeilometerDefinitions } from '../support/ceilometer.ts'
import { temporaryFolder } from '../support/folders.ts'

type Recorded = {
  notification: object
  event: { timestamp: string; traits: { [name: string]: { value: unknown } } }
}

const recorded: Recorded[] = readFileSync(
  new URL('../fixtures/ceilometer/events.jsonl', import.meta.url),
  'utf8',
)
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))

function definitionsOrReason(): { definitions: string } | { reason: string } {
  try {
    return { definitions: fetchCeilometerDefinitions(temporaryFolder()) }
  } catch (error) {
    return { reason: `python3-ceilometer cannot be fetched with apt-get: ${error}` }
  }
}

/** The values of traits and envelope, without their REST encoding. */
function plain(event: { readonly [name: string]: unknown }): { [name: string]: unknown } {
  return Object.fromEntries(
    Object.entries(event).map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null && 'datetime' in value ? value.datetime : value,
    ]),
  )
}

test("Ceilometer's own definitions make the events that Ceilometer makes", async (context) => {
  const fetched = definitionsOrReason()
  if ('reason' in fetched) return context.skip(fetched.reason)
  const { code, stdout, stderr } = await runProgram(
    'stv3',
    ['distill', '--definitions', fetched.definitions],
    {},
    recorded.map(({ notification }) => JSON.stringify(notification)).join('\n'),
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const lines = stdout.trimEnd().split('\n')
  expect(lines).toHaveLength(recorded.length)
  for (const [index, { event }] of recorded.entries()) {
    const { traits, ...envelope } = event
    const values = Object.entries(traits).map(([name, { value }]) => [name, value])
    expect(plain(JSON.parse(lines[index] as string))).toMatchObject({
      ...Object.fromEntries(values),
      ...envelope,
    })
  }
})
