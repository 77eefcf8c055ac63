import { expect, test } from 'vitest'
import { winchesterSchema } from '../../../src/config/schemas/winchester-schema.ts'
import {
  configuredProcesses,
  parseExpected,
  parseProcessList,
} from '../../../src/deployment-status/expected-processes.ts'

const at = (host: string, ...ports: [number, ...number[]]) => ({ host, ports })

test.each([
  ['127.0.0.1:9101', { address: at('127.0.0.1', 9101), roles: [] }],
  ['9101', { address: at('127.0.0.1', 9101), roles: [] }],
  ['worker 10.0.0.7:9105-9106', { address: at('10.0.0.7', 9105, 9106), roles: ['worker'] }],
  ['api=monitor.example:9109', { address: at('monitor.example', 9109), roles: ['api'] }],
  ['consumer\t[fd00::7]:9101', { address: at('fd00::7', 9101), roles: ['consumer'] }],
])('%s is an address of status', (text, expected) => {
  expect(parseExpected(text)).toEqual(expected)
})

test.each(['', 'worker', 'broker 127.0.0.1:9101', '127.0.0.1:9103-9101', '127.0.0.1:70000', 'a b c'])(
  '%j is none',
  (text) => {
    expect(parseExpected(text)).toBeUndefined()
  },
)

test('a list has one address a line, with comments; a line that is none is told by its number', () => {
  const text = '# machine A\nconsumer a:9101\n\nworker a:9105 # the only one\r\n'
  expect(parseProcessList(text)).toEqual({
    processes: [
      { address: at('a', 9101), roles: ['consumer'] },
      { address: at('a', 9105), roles: ['worker'] },
    ],
  })
  expect(parseProcessList('a:1\nnonsense here')).toEqual({ line: 2, text: 'nonsense here' })
})

test('a configuration names processes by role, or by one address for all', () => {
  const configured = (status: unknown) => ({
    winchester: winchesterSchema.parse({ database: { url: 'sqlite::memory:' }, status }),
    yagi: undefined,
  })
  expect(configuredProcesses(configured(undefined))).toEqual([])
  expect(configuredProcesses(configured('127.0.0.1:9101-9102'))).toEqual([
    { address: at('127.0.0.1', 9101, 9102), roles: ['worker'] },
  ])
  expect(configuredProcesses(configured({ worker: '127.0.0.1:9105', api: '127.0.0.1:9109' }))).toEqual([
    { address: at('127.0.0.1', 9105), roles: ['worker'] },
    { address: at('127.0.0.1', 9109), roles: ['api'] },
  ])
})
