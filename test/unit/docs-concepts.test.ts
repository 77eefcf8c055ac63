import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runProgram } from '../../sandbox/servers/child-program.ts'

const PAGE = readFileSync(resolve(import.meta.dirname, '../../docs/concepts.md'), 'utf8')
const WINCHESTER = resolve(import.meta.dirname, '../../config/winchester.yaml')

const folder = mkdtempSync(join(tmpdir(), 'stacktach-concepts-'))
const day = join(folder, 'day.jsonl')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The arguments of the command on the page that begins so, as a shell would split them. */
function argumentsOf(command: string): string[] {
  const [, line = ''] = new RegExp(`stv3 -- (${command} .*?)( >.*)?$`, 'm').exec(PAGE) ?? []
  return line.split(' ')
}

/** The output that the page shows below a command, without the lines that stand for others. */
function shownBelow(command: string): string[] {
  const lines = PAGE.split('\n')
  const begin = lines.findIndex((line) => line.startsWith('    $ ') && line.includes(`stv3 -- ${command} `))
  const after = lines.slice(begin + 1)
  const shown = after.slice(0, after.indexOf(''))
  return shown.map((line) => line.slice(4)).filter((line) => line.trim() !== '…')
}

test('the commands of docs/concepts.md print what it shows', async () => {
  const generated = await runProgram('stv3', argumentsOf('generate'))
  expect(generated.stderr).toBe('')
  writeFileSync(day, generated.stdout)
  const notifications = generated.stdout.trimEnd().split('\n')
  expect(notifications).toHaveLength(20)
  for (const line of notifications.slice(0, 7)) {
    const { timestamp, event_type } = JSON.parse(line)
    expect(PAGE).toContain(`| ${timestamp} | \`${event_type}\` |`)
  }
  const exists = `${notifications[6]}\n`
  expect(PAGE).toContain(`the whole one is ${(Buffer.byteLength(exists) - 1).toLocaleString('en')} bytes`)

  const explained = await runProgram('stv3', ['explain', '-c', WINCHESTER, '-'], {}, exists)
  const verified = await runProgram('stv3', ['verify', day, '--all'])
  expect(shownBelow('explain').filter((line) => !explained.stdout.split('\n').includes(line))).toEqual([])
  expect(shownBelow('verify').filter((line) => !verified.stdout.split('\n').includes(line))).toEqual([])
  expect(shownBelow('verify').length + shownBelow('explain').length).toBeGreaterThan(10)
})
