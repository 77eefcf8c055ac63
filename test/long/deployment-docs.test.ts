import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectionTo } from '../support/machines/ansible.ts'
import { Machines } from '../support/machines/machines.ts'
import { must, run } from '../support/machines/run.ts'
import { until } from '../support/until.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SETUP_MS = 1_800_000
/** The machines of the region DFW in inventories/regions. */
const HOSTS = {
  'dfw-db-1': 1,
  'dfw-rabbit-1': 2,
  'dfw-worker-1': 3,
  'dfw-worker-2': 4,
  'dfw-api-1': 5,
  'dfw-api-2': 6,
}

const folder = mkdtempSync(join(tmpdir(), 'stacktach-docs-'))
const checkout = join(folder, 'checkout')
let machines: Machines

/** What an operator changes in the files that a step opens: how hosts are reached, and passwords. */
const EDITOR = `#!/bin/sh -e
for file; do
  case $file in
    */all/main.yaml) cp ${folder}/connection.json "$(dirname "$file")/connection.json" ;;
    */vault.yaml) sed -i 's/^\\(vault_\\w*\\): CHANGE-ME/\\1: secret-of-\\1/' "$file" ;;
  esac
done
`

beforeAll(async () => {
  machines = await Machines.boot(join(folder, 'machines'), HOSTS)
  const variables = {
    ...connectionTo(join(folder, 'connection')),
    ansible_host: `${join(folder, 'machines')}/{{ inventory_hostname }}`,
  }
  writeFileSync(join(folder, 'connection.json'), JSON.stringify(variables))
  writeFileSync(join(folder, 'editor'), EDITOR, { mode: 0o755 })
  writeFileSync(join(folder, 'vault-password'), 'the password of the vault\n', { mode: 0o600 })
  must('git', 'clone', '-q', ROOT, checkout)
  cpSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
  })
  copyFileSync(join(checkout, 'package-lock.json'), join(checkout, 'node_modules/.stamp'))
  const node = join(ROOT, 'sandbox/.node')
  if (existsSync(node)) symlinkSync(node, join(checkout, 'sandbox/.node'))
  mkdirSync(join(folder, 'backups'))
}, SETUP_MS)

afterAll(async () => {
  await machines?.stop()
  rmSync(folder, { recursive: true, force: true })
}, SETUP_MS)

/** Returns the commands of each of the ten steps of docs/deployment.md. */
function steps(): string[] {
  const text = readFileSync(join(ROOT, 'docs/deployment.md'), 'utf8')
  const [, rest = ''] = text.split('## From bare hosts to a running region\n')
  const [section = ''] = rest.split('\n## ')
  return section
    .split(/^\d+\. /m)
    .slice(1)
    .map((step) => step.match(/^ {7,}.*$/gm)?.join('\n') ?? '')
}

/** Runs commands in one shell, in the checkout. Returns what they print; throws with it where one fails. */
function inShell(commands: string): string {
  const env = {
    ...process.env,
    EDITOR: join(folder, 'editor'),
    ANSIBLE_VAULT_PASSWORD_FILE: join(folder, 'vault-password'),
    ANSIBLE_NOCOLOR: '1',
  }
  const { status, stdout, stderr } = run('bash', ['-euc', `cd ${checkout}\n${commands}`], env)
  if (status !== 0) throw new Error(`${commands}\nended with ${status}:\n${stdout.slice(-5000)}${stderr}`)
  return stdout
}

test('the ten steps lead from bare hosts to a running region of two cells', async () => {
  const all = steps()
  expect(all).toHaveLength(10)
  for (const step of all) expect(step).not.toBe('')
  const timed = (step: string, index: number) => `SECONDS=0\n${step}\necho "step ${index + 1}: $SECONDS s"`
  const printed = inShell(all.slice(0, 8).map(timed).join('\n'))
  console.info(printed.match(/^step \d+: \d+ s$/gm)?.join(', '))
  // The lines that -d prints are of playbooks and of a release that there are.
  const lines = printed.match(/^ansible-playbook .*tarball_absolute_path=.*$/gm) ?? []
  expect(lines).toHaveLength(4)
  for (const line of lines) inShell(`cd ansible && ${line} --syntax-check`)
  expect(printed).toMatch(/all is well/)

  const worker = machines.machine('dfw-worker-1')
  for (const name of ['dfw-worker-1', 'dfw-worker-2'])
    expect(
      machines
        .machine(name)
        .must('systemctl is-active stv3-consumer@cell-1 stv3-consumer@cell-2 stv3-worker@1 stv3-worker@2'),
    ).toBe('active\n'.repeat(4))
  for (const cell of ['cell-1', 'cell-2'])
    expect(worker.must(`cat /etc/stv3/yagi-${cell}.conf`)).toMatch(new RegExp(`^vhost = ${cell}$`, 'm'))
  const token = 'secret-of-vault_api_read_token'
  for (const line of (all[8] ?? '').trim().split(/\n\s*/)) worker.must(line.replace('=…', `=${token}`))
  const archived = (cell: string) =>
    ['dfw-worker-1', 'dfw-worker-2']
      .map((name) => machines.machine(name).must(`find /var/lib/stv3/archive/${cell} -type f -size +0`))
      .join('')
  for (const api of ['dfw-api-1', 'dfw-api-2'])
    await until(`streams of ${api}`, () => {
      const count = worker.must(`KLUGMAN_TOKEN=${token} klugman http://${api}:8000 streams --count`)
      return /\| +[1-9]\d* /.test(count)
    })
  for (const cell of ['cell-1', 'cell-2']) await until(`an archive of ${cell}`, () => archived(cell) !== '')

  const later = 'cd ansible; RELEASE=$(ls $PWD/../sandbox/dist/*.tar.gz)\n'
  inShell(later + (all[9] ?? '').replace('/srv/backups', `${folder}/backups`))
  expect(must('find', join(folder, 'backups'), '-type', 'f', '-printf', '%m\n')).toBe('600\n')
  const again = inShell(later + (all[6] ?? ''))
  const recap = again.match(/^dfw-\S+ +: .*$/gm) ?? []
  expect(recap).toHaveLength(6)
  for (const line of recap) expect(line).toMatch(/ changed=0 .* failed=0 /)
})
