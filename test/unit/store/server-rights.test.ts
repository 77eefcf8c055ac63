import { expect, test } from 'vitest'
import { parseGrants, parseServerVersion } from '../../../src/store/mysql/server-rights.ts'

const rightsOf = (...lines: string[]) => {
  const { rights, mayHaveMore } = parseGrants(lines, 'win_chester')
  return [[...rights].sort().join(' '), mayHaveMore]
}

test.each([
  [['GRANT USAGE ON *.* TO `me`@`%` IDENTIFIED BY PASSWORD "*1"'], ['usage', false]],
  [
    ['GRANT USAGE ON *.* TO `me`@`%`', 'GRANT SELECT, INSERT ON `win_chester`.* TO `me`@`%`'],
    ['insert select usage', false],
  ],
  [['GRANT SELECT ON `win\\_chester`.* TO `me`@`%`'], ['select', false]],
  [
    ['GRANT SELECT ON `win%`.* TO `me`@`%`', 'GRANT INSERT ON `other`.* TO `me`@`%`'],
    ['select', false],
  ],
  [['GRANT SELECT ON `winXchester`.* TO `me`@`%`'], ['', false]],
  [['GRANT SELECT ON `win_chester`.`event` TO `me`@`%`'], ['', true]],
  [['GRANT `writers`@`%` TO `me`@`%`'], ['', true]],
  [
    ['GRANT ALL PRIVILEGES ON `win_chester`.* TO `me`@`%` WITH GRANT OPTION'],
    ['alter create delete drop index insert references select update', false],
  ],
])('%j', (lines, expected) => {
  expect(rightsOf(...lines)).toEqual(expected)
})

test.each([
  ['10.11.6-MariaDB-0+deb12u1', 'MariaDB 10.11.6', false],
  ['5.5.5-10.5.9-MariaDB-log', 'MariaDB 10.5.9', true],
  ['11.4.2-MariaDB', 'MariaDB 11.4.2', false],
  ['8.0.36', 'MySQL 8.0.36', false],
  ['5.7.44-log', 'MySQL 5.7.44', true],
])('%s is %s', (version, text, isTooOld) => {
  expect(parseServerVersion(version)).toEqual({ text, isTooOld })
})
