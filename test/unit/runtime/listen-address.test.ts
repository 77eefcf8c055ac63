import { expect, test } from 'vitest'
import { parseListenAddress, parseLoopbackRange } from '../../../src/runtime/listen-address.ts'
import { findingsOf, SOUND_FILES } from '../../support/config-findings.ts'

test.each([
  ['8000', { host: '127.0.0.1', port: 8000 }],
  ['localhost:0', { host: 'localhost', port: 0 }],
  ['0.0.0.0:65535', { host: '0.0.0.0', port: 65_535 }],
  ['[::1]:9100', { host: '::1', port: 9100 }],
  ['api.example.org:00080', { host: 'api.example.org', port: 80 }],
])('%s is an address', (text, address) => {
  expect(parseListenAddress(text)).toEqual(address)
})

const WRONG = [
  '',
  ':8000',
  '127.0.0.1',
  '127.0.0.1:',
  '127.0.0.1:65536',
  '127.0.0.1:99999',
  'a b:1',
  '::1:80',
  '-1',
]

test.each(WRONG)('%j is none', (text) => {
  expect(parseListenAddress(text)).toBeUndefined()
})

test.each(WRONG.filter((text) => text !== ''))(
  '%j is told where it stands in winchester.yaml',
  async (text) => {
    const settings = `${SOUND_FILES['winchester.yaml']}api: {listen: '${text}'}\nstatus: '${text}'\n`
    expect(await findingsOf({ 'winchester.yaml': settings })).toMatchObject([
      {
        at: 'winchester.yaml:8:10',
        message:
          'status: expected HOST:PORT on a loopback address, such as 127.0.0.1:9100 or 127.0.0.1:9100-9109',
        severity: 'error',
      },
      {
        at: 'winchester.yaml:7:16',
        message: 'listen: expected HOST:PORT, such as 127.0.0.1:8000',
        severity: 'error',
      },
    ])
  },
)

test.each([
  ['9101', { host: '127.0.0.1', ports: [9101] }],
  ['[::1]:9101-9103', { host: '::1', ports: [9101, 9102, 9103] }],
  ['localhost:9-9', { host: 'localhost', ports: [9] }],
])('%s is an address of this machine, or several', (text, range) => {
  expect(parseLoopbackRange(text)).toEqual(range)
})

test.each(['0.0.0.0:9101', '9103-9101', '9101-', '1-1001', '9101-70000', ''])('%j is none', (text) => {
  expect(parseLoopbackRange(text)).toBeUndefined()
})

test('a range that ends before it begins is told in winchester.yaml', async () => {
  const settings = `${SOUND_FILES['winchester.yaml']}status: {worker: '127.0.0.1:9103-9101'}\n`
  expect(await findingsOf({ 'winchester.yaml': settings })).toMatchObject([
    { message: expect.stringContaining('such as 127.0.0.1:9100 or 127.0.0.1:9100-9109') },
  ])
})
