import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../../sandbox/servers/server-process.ts'
import type { SwiftSession } from '../../../src/objects/swift/swift-auth.ts'
import { debianRoot } from '../machines/debian-root.ts'
import { overlayRoot } from '../machines/overlay-root.ts'
import { until } from '../until.ts'

/** What a root with a Swift is made of. */
const SWIFT_RECIPE = {
  base: ['python3', 'procps'],
  packages: [
    ...['swift-proxy', 'swift-account', 'swift-container', 'swift-object', 'memcached'],
    'python3-keystonemiddleware',
  ],
  fetched: [],
}

const HOLD = overlayRoot('sh -e /setup.sh')

type Ports = {
  readonly account: number
  readonly container: number
  readonly object: number
  readonly proxy: number
  readonly cache: number
}

/** A Keystone that a Swift asks about tokens, with the password of Swift's own account there. */
export type AskedKeystone = { readonly port: number; readonly password: string }

/**
 * A Swift from Debian's packages on free ports of this machine, with s3api and TempAuth, whose user is test:tester; or with a
 * Keystone in place of these.
 */
export class SwiftServer {
  readonly url: string
  readonly #process: ChildProcess

  private constructor(url: string, process: ChildProcess) {
    this.url = url
    this.#process = process
  }

  static async start(folder: string, keystone?: AskedKeystone): Promise<SwiftServer> {
    const root = debianRoot(SWIFT_RECIPE)
    for (const part of ['upper', 'work', 'root']) mkdirSync(join(folder, part), { recursive: true })
    const ports: Ports = {
      account: await freePort(),
      container: await freePort(),
      object: await freePort(),
      proxy: await freePort(),
      cache: await freePort(),
    }
    writeFileSync(join(folder, 'upper/setup.sh'), setupScript(ports, keystone))
    const log = openSync(join(folder, 'swift.log'), 'w')
    const args = ['-mpf', '--kill-child', 'sh', '-ec', HOLD, 'hold', root, folder]
    const child = spawn('unshare', args, { stdio: ['ignore', log, log] })
    const server = new SwiftServer(`http://127.0.0.1:${ports.proxy}`, child)
    await until(
      'Swift to answer',
      async () => {
        if (child.exitCode !== null) throw new Error(readFileSync(join(folder, 'swift.log'), 'utf8'))
        const answer = await fetch(`${server.url}/info`).catch(() => undefined)
        await answer?.body?.cancel()
        return answer?.ok === true
      },
      300_000,
    )
    return server
  }

  /** Makes a container, which is a bucket too. */
  makeContainer(name: string, session?: SwiftSession): Promise<void> {
    return this.#ask('PUT', `/${name}`, {}, session)
  }

  /** Sets the key by which temporary URLs of the account are signed. */
  setTempUrlKey(key: string, session?: SwiftSession): Promise<void> {
    return this.#ask('POST', '', { 'x-account-meta-temp-url-key': key }, session)
  }

  /** Sends a request as the user of a session, of TempAuth's user unless given. */
  async #ask(
    method: string,
    path: string,
    headers: { readonly [name: string]: string } = {},
    session?: SwiftSession,
  ): Promise<void> {
    const { token, url: account } = session ?? (await this.#login())
    const url = `${account}${path}`
    let status = 0
    // The proxy is up before the servers behind it, to which it answers 503 then.
    await until(`${method} ${path}`, async () => {
      const answer = await fetch(url, { method, headers: { 'x-auth-token': token, ...headers } })
      status = answer.status
      return status !== 503
    })
    if (status >= 300) throw new Error(`${method} ${path}: ${status}`)
  }

  async #login(): Promise<SwiftSession> {
    const login = await fetch(`${this.url}/auth/v1.0`, {
      headers: { 'x-auth-user': 'test:tester', 'x-auth-key': 'testing' },
    })
    const value = (name: string) => login.headers.get(name) ?? ''
    return { token: value('x-auth-token'), url: value('x-storage-url') }
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.kill('SIGKILL')
    if (this.#process.exitCode === null && this.#process.signalCode === null) await ended
  }
}

/** Names of the filters that know users, and their sections. */
function authFilters(keystone: AskedKeystone | undefined, cache: number): readonly [string, string] {
  if (!keystone)
    return [
      's3api tempurl tempauth',
      `[filter:s3api]
use = egg:swift#s3api
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
`,
    ]
  return [
    'tempurl authtoken keystoneauth',
    `[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
www_authenticate_uri = http://127.0.0.1:${keystone.port}/v3
auth_url = http://127.0.0.1:${keystone.port}/v3
auth_type = password
user_domain_id = default
project_domain_id = default
project_name = service
username = swift
password = ${keystone.password}
memcached_servers = 127.0.0.1:${cache}
# Every request asks Keystone: a token that was revoked is refused at once.
token_cache_time = -1
delay_auth_decision = true
service_token_roles_required = true
[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = member
`,
  ]
}

function setupScript(
  { account, container, object, proxy, cache }: Ports,
  keystone: AskedKeystone | undefined,
): string {
  const [filters, sections] = authFilters(keystone, cache)
  const storage = (name: string, port: number) => `
cat > ${name}-server.conf <<'C'
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 1
mount_check = false
devices = /srv/node
user = swift
log_address = /dev/null
[pipeline:main]
pipeline = ${name}-server
[app:${name}-server]
use = egg:swift#${name}
C
swift-ring-builder ${name}.builder create 4 1 1
swift-ring-builder ${name}.builder add r1z1-127.0.0.1:${port}/d1 1
swift-ring-builder ${name}.builder rebalance
`
  return `mkdir -p /srv/node/d1 /var/cache/swift /etc/swift
cd /etc/swift
rm -f *.gz *.builder
cat > swift.conf <<'C'
[swift-hash]
swift_hash_path_suffix = h7
swift_hash_path_prefix = h7
[storage-policy:0]
name = p0
default = yes
C
${storage('account', account)}${storage('container', container)}${storage('object', object)}
cat > proxy-server.conf <<'C'
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${proxy}
workers = 1
user = swift
log_address = /dev/null
[pipeline:main]
pipeline = catch_errors proxy-logging cache listing_formats bulk ${filters} slo dlo copy proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
# A server that was not up yet is asked again.
error_suppression_interval = 0.1
${sections}[filter:catch_errors]
use = egg:swift#catch_errors
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${cache}
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:tempurl]
use = egg:swift#tempurl
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:copy]
use = egg:swift#copy
C
chown -R swift:swift /srv/node /etc/swift /var/cache/swift
memcached -u memcache -l 127.0.0.1 -p ${cache} &
for name in account container object proxy; do swift-$name-server /etc/swift/$name-server.conf & done
wait
`
}
