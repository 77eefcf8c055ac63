import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { manPage } from '../../../sandbox/package/man-page.ts'
import { stv3Program } from '../../../src/cli/stv3-program.ts'
import { klugmanProgram } from '../../../src/klugman/klugman-program.ts'
import { folderWith } from '../../support/folders.ts'

test.each(['stv3', 'klugman'] as const)('the manual page of %s has each command and option', async (name) => {
  const program = name === 'stv3' ? await stv3Program() : klugmanProgram()
  const page = manPage({ program, version: '1.2.3', date: '2026-01-31', files: [['/etc/stv3', 'files']] })
  for (const command of program.commands) {
    expect(page).toContain(`\n.SS "${name} ${command.name().replaceAll('-', '\\-')} `)
    for (const { long } of command.options) expect(page).toContain(long?.replaceAll('-', '\\-'))
  }
  // A line that begins with a full stop is a macro of man(7).
  const macros = page.split('\n').flatMap((line) => /^\.(\w*)/.exec(line)?.[1] ?? [])
  expect([...new Set(macros)].sort()).toEqual(['B', 'PP', 'SH', 'SS', 'TH', 'TP', 'fi', 'nf'])
  const shown = spawnSync('man', ['--warnings', '-l', join(folderWith({ page }), 'page')], {
    encoding: 'utf8',
  })
  if (shown.error === undefined) expect(shown.stderr).toBe('')
})
