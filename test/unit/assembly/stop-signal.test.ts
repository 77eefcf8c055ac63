import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

const MODULE = resolve(import.meta.dirname, '../../../src/assembly/daemon.ts')

test('the first Ctrl-C stops in order, the second at once, with a sentence', async () => {
  const code = `import { stopSignal } from ${JSON.stringify(MODULE)}
    stopSignal().addEventListener('abort', () => console.log('stopping'))
    setInterval(() => {}, 1000)
    console.log('running')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code])
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  expect(String(await once(child.stdout, 'data'))).toBe('stopping\n')
  child.kill('SIGINT')
  expect(await once(child, 'close')).toEqual([1, null])
  expect(stderr).toBe('ended by a second signal (SIGINT); what was in hand is not finished\n')
})
