import { expect, test } from 'vitest'
import { originalArgs } from '../../../src/klugman/original-args.ts'

test.each([
  ['http://h:8000 streams --count', '--url http://h:8000 streams --count'],
  ['h:8000 streams', '--url http://h:8000 streams'],
  ['127.0.0.1:8000/v1 events', '--url http://127.0.0.1:8000/v1 events'],
  ['[::1]:8000 events', '--url http://[::1]:8000 events'],
  ['--debug h:8000 events', '--debug --url http://h:8000 events'],
  ['--url http://h:8000 streams', '--url http://h:8000 streams'],
  ['--version 1 http://h:8000 streams', '--url http://h:8000 streams'],
  ['--version', '--version'],
  ['streams --traits a:1', 'streams --traits a:1'],
  ['nosuch', 'nosuch'],
])('klugman %s is klugman %s', (given, expected) => {
  expect(originalArgs(given.split(' '), ['streams', 'events'])).toEqual(expected.split(' '))
})
