import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../support/folders.ts'
import { BUILD_MS, build, must, type Packages, run, sumOf, VERSION } from '../support/package/built.ts'
import { inChroot } from '../support/package/chroot.ts'
import { OwnNetwork } from '../support/package/own-network.ts'

const OLD_SANDBOX = resolve(import.meta.dirname, '../fixtures/stacktach-v3')

/** A bare Debian: debootstrap's smallest. */
const root = mkdtempSync(join(tmpdir(), 'stacktach-root-'))
let packages: Packages

/** Runs a script in the root, without a network but its own loopback, which may have servers. */
function inside(script: string, network?: OwnNetwork) {
  const command = inChroot({ root }, ['/bin/sh', '-c', script])
  const [program, ...args] = network
    ? network.enter(command)
    : ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$0" "$@"', ...command]
  return run(program, args, { PATH: '/opt/stv3/bin:/usr/sbin:/usr/bin:/sbin:/bin' })
}

/** Waits in a script until there are streams, and prints how many. */
function awaitStreams(url: string, filter = ''): string {
  const count = `klugman ${url} streams ${filter} --count 2>/dev/null | sed -n 's/.* count *| *\\([1-9][0-9]*\\) .*/\\1/p'`
  return `for i in $(seq 600); do sleep 0.2; n=$(${count}); [ -n "$n" ] && break; done; echo "$n"`
}

function files(folder: string): string[] {
  return must('find', folder, '-xdev', '-path', `${folder}/proc`, '-prune', '-o', '-printf', '%P\n')
    .split('\n')
    .filter((path) => !/^(root|tmp|run|var\/(lib\/(dpkg|stv3)|cache|log))(\/|$)/.test(path))
    .sort()
}

beforeAll(() => {
  packages = build('tarball', 'deb', 'npm')
  const source = must('apt-get', 'indextargets', '--format', '$(REPO_URI) $(SUITE)', 'Created-By: Packages')
  const codename = /VERSION_CODENAME=(\w+)/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? ''
  // The mirror that this machine takes its own packages from.
  const mirror = source.split('\n').find((line) => !/security|updates|backports/.test(line)) ?? ''
  must('debootstrap', '--variant=minbase', codename, root, mirror.split(' ')[0] as string)
  // As on a machine: others than root may enter, and the installer has written the names of the loopback.
  chmodSync(root, 0o755)
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n')
}, BUILD_MS)

afterAll(() => rmSync(root, { recursive: true, force: true }), 600_000)

test('the same commit makes the same bytes, whatever umask and time zone are', () => {
  const built = [packages.tarball, packages.deb, packages.npm]
  const before = built.map(sumOf)
  const env = { ...process.env, TZ: 'Pacific/Kiritimati', LC_ALL: 'C' }
  const only = '--only tarball --only deb --only npm'
  const again = run('bash', ['-c', `umask 077; exec bash sandbox/build.sh -p -- ${only}`], env)
  expect(again).toMatchObject({ status: 0 })
  expect(built.map(sumOf)).toEqual(before)
})

test('the tarball runs from /opt/stv3 on a bare Debian without a network', () => {
  must('tar', '-xzf', packages.tarball, '-C', join(root, 'opt'))
  expect(inside('stv3 --version && klugman --version')).toEqual({
    status: 0,
    stdout: `${VERSION}\n${VERSION}\n`,
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

test("notifications of Nova's come out of klugman by a configuration of the original and its commands", async () => {
  const network = await OwnNetwork.open()
  onTestFinished(() => network.close())
  must('tar', '-xzf', packages.tarball, '-C', join(root, 'opt'))
  const folder = join(root, 'root/sandbox')
  cpSync(OLD_SANDBOX, folder, { recursive: true })
  const [broker, database] = [new URL(network.amqpUrl), new URL(network.databaseUrl)]
  const account = `${database.username}:${database.password}@localhost:${database.port}`
  const changes: readonly (readonly [string, RegExp, string])[] = [
    ['yagi.conf', /^port = 5672$/m, `port = ${broker.port}`],
    ['winchester/pipelines.yaml', /port: 5672/, `port: ${broker.port}`],
    ['winchester.yaml', /winchester:testpasswd@localhost/, account],
  ]
  for (const [name, from, to] of changes) {
    const text = readFileSync(join(folder, name), 'utf8')
    expect(text).toMatch(from)
    writeFileSync(join(folder, name), text.replace(from, to))
  }
  const url = 'http://127.0.0.1:8124'
  const driven = inside(
    `cd /root/sandbox
    winchester_db -c winchester.yaml upgrade head >&2 || exit 11
    yagi-event --config yagi.conf >consumer.log 2>&1 & consumer=$!
    pipeline_worker --config winchester.yaml --name worker >worker.log 2>&1 & worker=$!
    stv3 api -c winchester.yaml --listen 127.0.0.1:8124 >api.log 2>&1 & api=$!
    stv3 generate --duration 30h --instances 3 --output day.jsonl >&2 || exit 12
    stv3 publish day.jsonl -c yagi.conf >&2 || exit 13
    ${awaitStreams(url, '--state completed')}
    klugman ${url} events --name compute.instance.exists --limit 1 --json || exit 14
    kill $consumer $worker $api
    wait $consumer || exit 15
    wait $worker || exit 16
    wait $api || exit 17
    winchester_db -c winchester.yaml current >&2`,
    network,
  )
  const told = readdirSync(folder).filter((name) => name.endsWith('.log'))
  const logs = told.map((name) => readFileSync(join(folder, name), 'utf8'))
  expect(driven, logs.join('\n')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^[1-9]\d*\n{/) })
  const event = JSON.parse(driven.stdout.split('\n')[1] as string)
  expect(readFileSync(join(folder, 'day.jsonl'), 'utf8')).toContain(`"${event.message_id}"`)
  const archived = must('grep', '-rl', event.message_id, join(folder, 'data'))
  expect(archived).toMatch(/data\/(archive|working)\/events_/)
  rmSync(join(root, 'opt/stv3'), { recursive: true })
})

test('old names say what they do not take', () => {
  must('tar', '-xzf', packages.tarball, '-C', join(root, 'opt'))
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

test('the Debian package installs, runs and purges all but data', () => {
  const before = files(root)
  const folder = temporaryFolder()
  // What Node needs and a bare Debian lacks.
  must('sh', '-c', `cd ${folder} && apt-get download -q libatomic1`)
  copyFileSync(join(folder, readdirSync(folder)[0] as string), join(root, 'root/libatomic1.deb'))
  copyFileSync(packages.deb, join(root, 'root/stacktach.deb'))
  expect(inside('dpkg -i /root/libatomic1.deb /root/stacktach.deb')).toMatchObject({ status: 0 })
  const facts = inside(
    'stv3 --version; klugman --version; stat -c "%U %G %a" /etc/stv3/stv3.env /var/lib/stv3',
  )
  expect(facts).toMatchObject({ status: 0, stdout: `${VERSION}\n${VERSION}\nroot stv3 640\nstv3 stv3 750\n` })
  expect(inside('stv3 check -c /etc/stv3/yagi.conf').status).toBe(0)

  const upgrade = 'cd /var/lib/stv3 && exec setpriv --reuid=stv3 --regid=stv3 --init-groups'
  expect(inside(`${upgrade} stv3 db upgrade -c /etc/stv3/winchester.yaml`)).toMatchObject({ status: 0 })
  const sysv = inside(`/opt/stv3/share/init.d/stv3-api start || exit 1
    ${awaitAnswer('http://127.0.0.1:8000')}
    /opt/stv3/share/init.d/stv3-api status || exit 2
    /opt/stv3/share/init.d/stv3-api stop || exit 3
    /opt/stv3/share/init.d/stv3-api status && exit 4; exit 0`)
  expect(sysv).toMatchObject({ status: 0 })

  expect(inside('dpkg --purge stacktach libatomic1').status).toBe(0)
  expect(readdirSync(join(root, 'var/lib/stv3'))).toContain('stacktach.db')
  const left = files(root).filter((path) => !before.includes(path))
  // adduser keeps copies of what it changes.
  expect(left.filter((path) => !/^etc\/.*-$/.test(path))).toEqual([])
})

/** Waits in a script until the API answers. */
function awaitAnswer(url: string): string {
  return `for i in $(seq 600); do sleep 0.2; klugman ${url} streams --limit 1 >/dev/null 2>&1 && break; done`
}

test('units are valid and hardened, and lintian finds no error', () => {
  const folder = temporaryFolder()
  must('dpkg-deb', '-x', packages.deb, join(folder, 'deb'))
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
  const lint = run('lintian', ['--allow-root', '--fail-on', 'error', packages.deb])
  expect(lint.stdout.split('\n').filter((line) => line.startsWith('E:'))).toEqual([])
  expect(lint.status).toBe(0)
})
