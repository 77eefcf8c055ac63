import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const OUT = join(ROOT, 'sandbox/dist')
const BUILD_MS = 1_800_000
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** A bare Debian: debootstrap's smallest. */
const root = mkdtempSync(join(tmpdir(), 'stacktach-root-'))

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env,
    cwd: ROOT,
    maxBuffer: 2 ** 28,
  })
  if (error) throw error
  return { status, stdout, stderr }
}

function must(command: string, ...args: readonly string[]): string {
  const result = run(command, args)
  expect(result, `${command} ${args.join(' ')}`).toMatchObject({ status: 0 })
  return result.stdout
}

/** Runs a script in the root, without a network but its own loopback; `servers`: with the loopback of this machine. */
function inside(script: string, network: 'none' | 'servers' = 'none', env: NodeJS.ProcessEnv = {}) {
  const enter = 'mount -t proc proc "$0/proc"; exec chroot "$0" /bin/sh -c "$1"'
  const [flags, lo] = network === 'none' ? [['-n'], 'ip link set lo up; '] : [[], '']
  const args = ['-m', '--propagation', 'private', ...flags, 'sh', '-c', `${lo}${enter}`, root, script]
  return run('unshare', args, { PATH: '/opt/stv3/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...env })
}

/** Waits in a script until there are streams, and prints how many. */
function awaitStreams(url: string): string {
  const count = `klugman ${url} streams --count 2>/dev/null | sed -n 's/.* count *| *\\([1-9][0-9]*\\) .*/\\1/p'`
  return `for i in $(seq 600); do sleep 0.2; n=$(${count}); [ -n "$n" ] && break; done; echo "$n"`
}

function sumOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

function files(folder: string): string[] {
  return must('find', folder, '-xdev', '-path', `${folder}/proc`, '-prune', '-o', '-printf', '%P\n')
    .split('\n')
    .filter((path) => !/^(root|tmp|run|var\/(lib\/(dpkg|stv3)|cache|log))(\/|$)/.test(path))
    .sort()
}

let tarball = ''
let debian = ''

beforeAll(() => {
  must('bash', 'sandbox/build.sh', '-p')
  const commit = must('git', 'rev-parse', 'HEAD').slice(0, 9)
  tarball = join(OUT, `stacktach-${version}-${commit}.tar.gz`)
  debian = join(OUT, `stacktach_${version}_amd64.deb`)
  const source = must('apt-get', 'indextargets', '--format', '$(REPO_URI) $(SUITE)', 'Created-By: Packages')
  const codename = /VERSION_CODENAME=(\w+)/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? ''
  // The mirror that this machine takes its own packages from.
  const mirror = source.split('\n').find((line) => !/security|updates|backports/.test(line)) ?? ''
  must('debootstrap', '--variant=minbase', codename, root, mirror.split(' ')[0] as string)
}, BUILD_MS)

afterAll(() => rmSync(root, { recursive: true, force: true }), 600_000)

test('the same commit makes the same bytes, whatever umask and time zone are', () => {
  const before = [sumOf(tarball), sumOf(debian)]
  const env = { ...process.env, TZ: 'Pacific/Kiritimati', LC_ALL: 'C' }
  expect(run('bash', ['-c', 'umask 077; exec bash sandbox/build.sh -p'], env)).toMatchObject({ status: 0 })
  expect([sumOf(tarball), sumOf(debian)]).toEqual(before)
})

test('the tarball runs from /opt/stv3 on a bare Debian without a network', () => {
  must('tar', '-xzf', tarball, '-C', join(root, 'opt'))
  expect(inside('stv3 --version && klugman --version')).toEqual({
    status: 0,
    stdout: `${version}\n${version}\n`,
    stderr: '',
  })
  const url = 'http://127.0.0.1:8123'
  const driven =
    inside(`stv3 up --data /tmp/up --listen 127.0.0.1:8123 --instances 3 >/tmp/up.log 2>&1 & up=$!
    ${awaitStreams(url)}; kill $up; wait $up`)
  expect(driven).toMatchObject({ status: 0, stdout: expect.stringMatching(/^[1-9]\d*\n$/) })
  // Each program has its page, and each package its licence.
  const share = join(root, 'opt/stv3/share')
  expect(readdirSync(join(share, 'man/man1')).sort()).toEqual(
    ['klugman.1', 'pipeline_worker.1', 'stv3.1', 'winchester_db.1', 'yagi-event.1'].sort(),
  )
  const licences = readFileSync(join(share, 'doc/LICENCES'), 'utf8')
  for (const name of ['amqplib', 'kysely', 'zod']) expect(licences).toMatch(new RegExp(`^${name} \\d`, 'm'))
  rmSync(join(root, 'opt/stv3'), { recursive: true })
})

test('the Debian package installs, runs and purges all but data', () => {
  const before = files(root)
  const folder = temporaryFolder()
  // What Node needs and a bare Debian lacks.
  must('sh', '-c', `cd ${folder} && apt-get download -q libatomic1`)
  copyFileSync(join(folder, readdirSync(folder)[0] as string), join(root, 'root/libatomic1.deb'))
  copyFileSync(debian, join(root, 'root/stacktach.deb'))
  expect(inside('dpkg -i /root/libatomic1.deb /root/stacktach.deb')).toMatchObject({ status: 0 })
  const facts = inside(
    'stv3 --version; klugman --version; stat -c "%U %G %a" /etc/stv3/stv3.env /var/lib/stv3',
  )
  expect(facts).toMatchObject({ status: 0, stdout: `${version}\n${version}\nroot stv3 640\nstv3 stv3 750\n` })
  expect(inside('stv3 check -c /etc/stv3/yagi.conf').status).toBe(0)

  expect(inside('dpkg --purge stacktach libatomic1').status).toBe(0)
  const left = files(root).filter((path) => !before.includes(path))
  // adduser keeps copies of what it changes.
  expect(left.filter((path) => !/^etc\/.*-$/.test(path))).toEqual([])
})

test('old names say what they do not take', () => {
  must('tar', '-xzf', tarball, '-C', join(root, 'opt'))
  const wrong = {
    'yagi-event --daemon': /--daemon is no argument/,
    'pipeline_worker -d': /does not go into the background/,
    'winchester_db -c x downgrade -1': /is no argument|is not known here/,
    'winchester_db -c x upgrade abc123': /no revision abc123/,
  }
  for (const [line, told] of Object.entries(wrong))
    expect(inside(line)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(told) })
  rmSync(join(root, 'opt/stv3'), { recursive: true })
})

test('units are valid and hardened, and lintian finds no error', () => {
  const folder = temporaryFolder()
  must('dpkg-deb', '-x', debian, join(folder, 'deb'))
  const units = join(folder, 'units')
  mkdirSync(units)
  const from = join(folder, 'deb/lib/systemd/system')
  for (const name of readdirSync(from)) {
    const text = readFileSync(join(from, name), 'utf8').replaceAll('/opt/stv3', join(folder, 'deb/opt/stv3'))
    writeFileSync(join(units, name.replace('@', '@1')), text)
  }
  const paths = readdirSync(units).map((name) => join(units, name))
  expect(paths).toHaveLength(3)
  expect(run('systemd-analyze', ['verify', '--man=no', ...paths])).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  })
  for (const path of paths)
    expect(run('systemd-analyze', ['security', '--offline=true', '--threshold=25', path]).status).toBe(0)
  const lint = run('lintian', ['--allow-root', '--fail-on', 'error', debian])
  expect(lint.stdout.split('\n').filter((line) => line.startsWith('E:'))).toEqual([])
  expect(lint.status).toBe(0)
})
