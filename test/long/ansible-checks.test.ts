import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../support/machines/run.ts'

const ANSIBLE = resolve(import.meta.dirname, '../../ansible')

/** What Debian's tools find in ansible/. */
test.each([
  ['ansible-lint', ['--offline', '--profile', 'production', '--nocolor', '-q']],
  ['yamllint', ['--strict', '.']],
  ['promtool', ['check', 'rules', 'prometheus/rules.yml']],
  ['promtool', ['test', 'rules', 'prometheus/rules_test.yml']],
  ['promtool', ['check', 'config', '--syntax-only', 'prometheus/prometheus.yml']],
  ['ansible-playbook', ['-i', 'inventories/one-machine', '--syntax-check', 'site.yaml', 'upgrade.yaml']],
  ['ansible-inventory', ['-i', 'inventories/regions', '--graph']],
])('%s %s finds nothing', (command, args) => {
  const { status, stdout, stderr } = run('sh', ['-c', 'cd "$0" && exec "$@"', ANSIBLE, command, ...args])
  expect(status, stdout + stderr).toBe(0)
})
