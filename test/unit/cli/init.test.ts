import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SERVICES } from '../../../src/starter/services.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { runInProcess } from '../../support/run-in-process.ts'

test.each(SERVICES)('check finds nothing in the starter for %s', async (service) => {
  const folder = join(temporaryFolder(), 'below', 'it')
  const { code, stdout } = await runInProcess('stv3', ['init', folder, '--service', service])
  expect(code).toBe(0)
  expect(stdout).toContain(`stv3 check -c ${folder}/yagi.conf --connect`)
  const config = join(folder, 'yagi.conf')
  const checked = await runInProcess('stv3', ['check', '-c', config])
  expect(checked.code).toBe(0)
  const lines = checked.stdout.trim().split('\n')
  expect(lines[0]).toBe(`${config} is valid`)
  expect(lines.slice(1).filter((line) => !line.startsWith('note: '))).toEqual([])
})

test('only the file for passwords is closed to others, and the rest holds none', async () => {
  const folder = join(temporaryFolder(), 'new')
  await runInProcess('stv3', ['init', folder])
  const modeOf = (name: string) => (statSync(join(folder, name)).mode & 0o777).toString(8)
  expect(modeOf('stacktach.env')).toBe('600')
  expect(modeOf('yagi.conf')).toBe('644')
  expect(readFileSync(join(folder, 'winchester.yaml'), 'utf8')).toContain(
    '# how often a failed pipeline is tried again\n# pipeline_retries: 3\n',
  )
})

test('nothing is overwritten, and nothing is written where one file is there', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'triggers.yaml'), 'mine')
  const { code, stderr } = await runInProcess('stv3', ['init', folder])
  expect(code).toBe(1)
  expect(stderr).toMatch(/has triggers\.yaml already; nothing was written/)
  expect(readFileSync(join(folder, 'triggers.yaml'), 'utf8')).toBe('mine')
  expect(() => statSync(join(folder, 'yagi.conf'))).toThrow('ENOENT')
})
