import { expect, test } from 'vitest'
import { differences, type Figures, formatLedger } from '../../../sandbox/supervisor/ledger.ts'

const GOOD: Figures = {
  published: 1010,
  different: 1000,
  unarchived: 0,
  archive: { files: 3, lines: 1025, messages: 1000, foreign: 0 },
  stored: 996,
  results: 40,
  deadLetters: { decode: 1, pipeline: 2, validate: 3 },
  waiting: 0,
  streams: { total: 60, fired: 40, expired: 5, open: { active: 15 }, members: 900, counted: 900 },
}

test('a ledger that adds up has a line for each figure, and says so', () => {
  expect(formatLedger(GOOD)).toEqual([
    'Ledger',
    '  published    1,010   1,000 different messages that RabbitMQ confirmed',
    '  archived     1,000   different messages, in 1,025 lines of 3 files',
    '  stored         996   events; pipelines made 40 more of them',
    '  streams         60   15 active, 40 fired, 5 expired',
    '  fired           40   complete stories, whose pipelines have run',
    '  dead letters     6   1 decode, 2 pipeline, 3 validate',
    'It adds up: every published message is archived, every archived one is an event or a dead letter, once.',
  ])
})

test.each<[string, Partial<Figures>, string[]]>([
  ['lost before the archive', { unarchived: 2 }, ['2 published messages are not in the archive']],
  ['left in RabbitMQ', { unarchived: 2, waiting: 2 }, []],
  ['more lost than left', { unarchived: 3, waiting: 2 }, ['1 published messages are not in the archive']],
  ['lost after the archive', { stored: 995 }, ['1 archived messages are neither events nor dead letters']],
  [
    'dead letters of nothing',
    { deadLetters: { validate: 6 } },
    ['2 dead letters are of no archived message'],
  ],
  [
    'a stream of no state',
    { streams: { ...GOOD.streams, fired: 39 } },
    ['60 streams are not the sum of their states'],
  ],
  [
    'an event that joined unseen',
    { streams: { ...GOOD.streams, members: 901 } },
    ['streams count 900 events and hold 901'],
  ],
])('%s', (_, change, expected) => {
  const figures = { ...GOOD, ...change }
  expect(differences(figures)).toEqual(expected)
  const lines = formatLedger(figures)
  for (const sentence of expected) expect(lines).toContain(`It does not add up: ${sentence}.`)
})

test('what is not of the simulator, or was not to be learnt, is named', () => {
  const text = formatLedger({ ...GOOD, archive: { ...GOOD.archive, foreign: 7 }, waiting: undefined })
  expect(text.join('\n')).toContain('3 files; 7 not of the simulator')
  expect(text.join('\n')).toMatch(/waiting +0 {3}RabbitMQ did not say/)
})
