import { expect, test } from 'vitest'
import { parseIniDocument } from '../../../src/config/documents/ini-document.ts'
import { interpolate } from '../../../src/config/documents/interpolate.ts'
import { findingsOf } from '../../support/config-findings.ts'

type Work = (size: number) => Promise<unknown> | unknown

const lines = (size: number, line: (index: number) => string) =>
  Array.from({ length: size }, (_, index) => line(index)).join('')

const events = (text: string) => findingsOf({ 'events.yaml': text })
const definitions = (size: number, type = 'int') =>
  lines(size, (at) => `- event_type: s${at}.*\n  traits:\n    n${at}: {type: ${type}, fields: payload.n}\n`)
const triggers = (size: number, trait: string) =>
  lines(
    size,
    (at) =>
      `- name: t${at}\n  distinguished_by: [${trait}${at}]\n  match_criteria: [{event_type: x.*}]\n  expiration: $last + 1h\n  fire_criteria: [{event_type: x.end}]\n  fire_pipeline: ${trait}${at}\n`,
  )
const traits = (size: number) =>
  `- event_type: x.*\n  traits:\n${lines(size, (at) => `    n${at}: {fields: payload.n}\n`)}`

/** What a file can hold many of, with a size that takes some 20 to 100 ms. */
const KINDS: readonly (readonly [string, number, Work])[] = [
  ['event definitions', 300, (size) => events(definitions(size))],
  ['faulty event definitions', 400, (size) => events(definitions(size, 'integer'))],
  ['traits of one definition', 600, (size) => events(traits(size))],
  [
    'repeated keys',
    800,
    (size) => events(`- event_type: x\n  traits:\n${'    a: {fields: b}\n'.repeat(size)}`),
  ],
  [
    'aliases',
    800,
    (size) =>
      events(`- event_type: x\n  traits:\n    a: &a {fields: b}\n${lines(size, (at) => `    b${at}: *a\n`)}`),
  ],
  [
    'fields of one trait',
    4000,
    (size) => events(`- event_type: x\n  traits: {a: {fields: [${'payload.a, '.repeat(size)}]}}\n`),
  ],
  [
    'triggers and pipelines',
    300,
    (size) =>
      findingsOf({
        'events.yaml': traits(size),
        'triggers.yaml': triggers(size, 'n'),
        'pipelines.yaml': lines(size, (at) => `n${at}: [logger]\n`),
      }),
  ],
  [
    'references to nothing',
    400,
    (size) =>
      findingsOf({
        'events.yaml': traits(size),
        'triggers.yaml': triggers(size, 'none'),
        'pipelines.yaml': lines(size, (at) => `p${at}: [logger]\n`),
      }),
  ],
  ['a long line', 500_000, (size) => events(`- event_type: ${'x'.repeat(size)}\n  traits: {}\n`)],
  ['blanks in an INI value', 5000, (size) => parseIniDocument(`[a]\nb = c${' '.repeat(size)}d\n`, 'a.conf')],
  [
    'blanks in an INI name',
    5000,
    (size) => {
      try {
        parseIniDocument(`[a]\nb${' '.repeat(size)}d\n`, 'a.conf')
      } catch {}
    },
  ],
  ['references that do not end', 5000, (size) => interpolate('${A:-'.repeat(size), {}, () => {})],
]

/** CPU time of this thread for the work, ms: the less of two runs, in which others disturbed the less. */
async function cost(work: () => Promise<unknown> | unknown): Promise<number> {
  const runs: number[] = []
  for (let run = 0; run < 2; run++) {
    const before = process.threadCpuUsage()
    await work()
    const { user, system } = process.threadCpuUsage(before)
    runs.push((user + system) / 1000)
  }
  return Math.min(...runs)
}

/** Times the size, of which work that grows with the square of the size takes 64 times as long. */
const TIMES = 8

test.each(KINDS)('%s take a time in proportion to their number', async (_kind, size, work) => {
  await work(size)
  const small = await cost(() => work(size))
  const large = await cost(() => work(TIMES * size))
  // The milliseconds are for work that is too quick to be measured.
  expect(large).toBeLessThan(3 * TIMES * (small + 2))
})
