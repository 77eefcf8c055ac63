import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maskSecrets } from '../../../src/text/mask-secrets.ts'

const SECRET = 's3cr3t-7Q'
const json = JSON.stringify

describe('the values of secret names are masked', () => {
  test.each([
    ['old style', json({ _context_auth_token: SECRET, payload: {} })],
    ['spaces', `{"auth_token" : "${SECRET}"}`],
    ['in the envelope', json({ 'oslo.message': json({ _context_auth_token: SECRET }) })],
    ['cut off', `{"payload": 1, "_context_auth_token": "${SECRET}`],
    ['cut off before the name', `th_token": "${SECRET}", "host": "c1"`],
    ['nested', json({ args: { context: { auth_token: SECRET, password: SECRET } } })],
    ['with quotes in it', json({ token: `${SECRET}"${SECRET}` })],
    ['with a backslash at its end', json({ token: `${SECRET}\\`, password: SECRET })],
    ['a list', json({ auth_token: [SECRET, { id: SECRET }] })],
    ['an object with brackets in texts', json({ auth: { user: '}', password: [SECRET] }, n: 1 })],
    ['a number', '{"pass": 7031945, "n": 1}'],
    ['a name with escapes', `{"\\u0061uth_tok\\u0065n": "${SECRET}"}`],
    ['quotes as escapes', `{"oslo.message": "{\\u0022auth_token\\u0022: \\u0022${SECRET}\\u0022}"}`],
    [
      'escapes as escapes',
      `"{\\u0022a\\u0022: \\u0022{\\u005cu0022auth\\u005cu0022: \\u005cu0022${SECRET}\\u005cu0022}"`,
    ],
    ['Python', `{'password': u'${SECRET}', 'auth_token': "it's ${SECRET}"}`],
    ['in Python in JSON', json({ args: `{'password': '${SECRET}', "auth": "it's ${SECRET}"}` })],
    ['a header', `GET / HTTP/1.1\r\nAuthorization: Bearer ${SECRET}\r\nHost: h`],
    [
      'a header in JSON',
      json({ echo: `Authorization: Token ${SECRET}\r\nCookie: a=${SECRET}; b=${SECRET}\r\nHost: h` }),
    ],
    ['an option in a list', json(['mysqldump', '--password', SECRET])],
    ['an option in a list of Python', `Command: ['nova', '--os-password', '${SECRET}', 'list']`],
    ['bytes in pairs of Python', `[(b'x-auth-token', b'${SECRET}')]`],
    ['a value before its name', json({ value: SECRET, n: [1], name: 'X-Auth-Token' })],
    ['a value further behind its name', json({ name: 'DB_PASSWORD', type: 'string', value: SECRET })],
    ['a name and a value in Python', `{'value': '${SECRET}', 'name': 'DB_PASSWORD'}`],
    ['a token in quotes', `Authorization: Token token="${SECRET}"`],
    ['a digest', `Authorization: Digest username="x", nonce="1", response="${SECRET}"`],
    ['a digest in JSON', json({ echo: `Authorization: Digest username="x", response="${SECRET}"`, n: 1 })],
    ['a signature', `Authorization: AWS4-HMAC-SHA256 Credential=AK/2, SignedHeaders=a, Signature=${SECRET}`],
    ['a field of a form', `user[password]=${SECRET}`],
    ['a name with brackets', json({ 'user[password]': SECRET })],
    ['a name with a colon', json({ 'password:admin': SECRET })],
    ['a tag with a namespace', `<soap:password xsi:type="s">${SECRET}</soap:password>`],
    ['a tag with a name', `<param name="password" value="${SECRET}"/>`],
    ['a tag with a name and content', `<param name="password">${SECRET}</param>`],
    ['a block of YAML', `password: |\n  ${SECRET}\n  ${SECRET}\n`],
    ['a block of YAML in JSON', json({ file: `a: 1\npassword: >-\n  ${SECRET}\nb: 2` })],
    ['a bracket in a password', `OS_PASSWORD=ab)${SECRET}`],
    ['an ampersand in a password', `OS_PASSWORD=ab&${SECRET}`],
    ['an apostrophe in a password', `OS_PASSWORD=ab'${SECRET}`],
    ['a less-than sign in a password', `OS_PASSWORD=ab<${SECRET}`],
    ['a subscript', `conf['password'] = '${SECRET}'`],
    ['percent-encoded', `to=%2Fx%3Ftoken%3D${SECRET}%26a%3D1`],
    ['JSON, percent-encoded', `%7B%22password%22%3A%22${SECRET}%22%7D`],
    ['JSON in HTML', `{"a":"&quot;password&quot;:&quot;${SECRET}&quot;"}`],
    ['a query', `GET /v1?token=${SECRET}&limit=1`],
  ])('%s', (_, text) => {
    const masked = maskSecrets(text)
    expect(masked).not.toMatch(/s3cr3t|7Q|7031945/)
    expect(masked).toContain('***')
  })
})

describe('secrets are known by their form', () => {
  test.each([
    [`amqp://me:${SECRET}@mq1:5672/v`, 'amqp://me:***@mq1:5672/v'],
    [`redis://:${SECRET}@h`, 'redis://:***@h'],
    [`mysql+pymysql://nova:a/${SECRET}@db/nova`, 'mysql+pymysql://nova:***@db/nova'],
    [`http://me:p@${SECRET}@h/p?q=a@b`, 'http://me:***@h/p?q=a@b'],
    [`rabbit://u:${SECRET}@h1:5672,v:${SECRET}@h2/`, 'rabbit://u:***@h1:5672,v:***@h2/'],
    [`http:\\/\\/u:${SECRET}@h\\/x`, 'http:\\/\\/u:***@h\\/x'],
    [`http://a/?to=http://u:${SECRET}@h`, 'http://a/?to=http://u:***@h'],
    [`nova:${SECRET}@db/nova`, 'nova:***@db/nova'],
    [`https://hooks.slack.com/services/T000/B000/${SECRET}: 500`, 'https://hooks.slack.com/*** 500'],
    [`https://h.example/api/webhooks/1/${SECRET}`, 'https://h.example/***'],
    [`took Bearer ${SECRET}abcdefgh and`, 'took Bearer *** and'],
    [`https://events.example/integration/${SECRET}/enqueue`, 'https://events.example/***'],
    [`https://maker.example/trigger/x/with/key/${SECRET}`, 'https://maker.example/***'],
    [`https://h.example/send?key=${SECRET}&a=1`, 'https://h.example/send?key=***&a=1'],
    [`url=amqp%3A%2F%2Fme%3A${SECRET}%40mq1%3A5672%2Fv`, 'url=amqp%3A%2F%2Fme%3A***%40mq1%3A5672%2Fv'],
    ['GET /v3/auth/tokens/gAAAAABmX1-0rZ_kLw HTTP/1.1', 'GET /v3/auth/tokens/*** HTTP/1.1'],
    ['DELETE /v2.0/tokens/0123456789abcdef0123456789abcdef', 'DELETE /v2.0/tokens/***'],
    ['t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_1', 't=***'],
    ['Basic dXNlcjpzM2NyM3Q=', 'Basic ***'],
    ['of gAAAAABmX1-0rZ_kLw==, and', 'of ***, and'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_1', '***'],
    [`-----BEGIN RSA PRIVATE KEY-----\\n${SECRET.slice(0, 5)}\\n`, '-----BEGIN RSA PRIVATE KEY-----***'],
  ])('%s', (text, masked) => expect(maskSecrets(text)).toBe(masked))
})

test.each([
  json({ event_type: 'token.issued', message: 'the "token" is here', tokens: 5, auth_token: null }),
  '{"methods": ["password", "token"], "is_token": true}',
  'http://h:8080/p?x=a@b',
  'compute:c1@lvm#pool and rabbit@h1: 12:30@noon',
  'auth_token: expected text; Basic authentication failed, the bearer of news',
  'secret::Token and https://token.example/path',
  '{"msg": "password=", "host": "c1"}',
  '{"path": "C:\\\\u0061"}',
  json({ key: 'colour', value: 'blue', name: 'author' }),
  json([{ value: 'blue', of: 1 }, { name: 'password' }]),
  json({ display_name: 'Basic Ubuntu22', flavor: 'basic 2048', network: 'Bearer channel1' }),
  'Windows Basic 2019x64',
  'nginx:1.25@sha256:9abcdef and docker.io/library/nginx:1.25@sha256:9abcdef',
  'compute:nova@host.dc1:8774, compute:az1@region-b/cell1, cinder:vol1@lvm/pool, 12:30:01@eu/x',
  json({ pwd: '/srv', auth_result: 'success', auth_success: 1, authentication: 'required' }),
  'pass=3 fail=0',
  json({ customer_key: 'c17', country_key: 'de', product_key: 'x', issue_key: 'ABC-1' }),
  json({ tokens: 5.5, prompt_tokens: '5' }),
  'traits.password: Expected text',
  '["--password","--verbose"]',
  'GET /v3/auth/tokens/OS-PKI/revoked',
])('%s stays as it is', (text) => expect(maskSecrets(text)).toBe(text))

/** Some spelling of a name. */
const name = fc
  .tuple(
    fc.constantFrom('', '_context_', 'x-', 'my', 'os '),
    fc.constantFrom(
      'auth_token',
      'password',
      'adminPass',
      'secret',
      'api-key',
      'credentials',
      'X-Auth-Token',
    ),
    fc.constantFrom(
      (text: string) => text,
      (text: string) => text.toUpperCase(),
      (text: string) => text.replaceAll(/[-_]/g, '.'),
    ),
  )
  .map(([before, text, spell]) => spell(before + text))

const neighbours = fc.record({ host: fc.string(), n: fc.integer(), note: fc.string({ unit: 'grapheme' }) })

const secretValue = fc.oneof(
  fc.string().map((text) => `${SECRET}${text}`),
  fc.string().map((text) => [text, SECRET]),
  fc.string().map((text) => ({ [text]: { x: `${text}${SECRET}` } })),
)

/** Writes a value as JSON, with some letters and quotes as escapes. */
function written(value: unknown, isEscaped: (index: number) => boolean): string {
  const text = json(value)
  let escapes = 0
  return text.replaceAll(/(?<!\\)[a-zA-Z](?=[a-zA-Z_-]*\\*":)|(?<!\\)\\"/g, (part, index: number) => {
    if (!isEscaped(index + escapes++) || /\\u[0-9a-f]{0,3}$/.test(text.slice(0, index))) return part
    return `\\u00${part.charCodeAt(part.length - 1).toString(16)}`
  })
}

test('a secret is masked at any depth, in any escapes and spelling, and what is beside it stays', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('object', 'list', 'text'), fc.nat(5)), { maxLength: 7 }),
      name,
      secretValue,
      neighbours,
      (shells, secretName, secret, beside) => {
        let inner: unknown = { ...beside, [secretName]: secret, last: beside }
        let cleaned: unknown = { ...beside, [secretName]: '***', last: beside }
        for (const [kind, every] of shells) {
          const wrap = (value: unknown) =>
            kind === 'object'
              ? { of: value, ...beside }
              : kind === 'list'
                ? [beside, value]
                : { text: value, beside }
          const isText = kind === 'text'
          inner = wrap(isText ? written(inner, (index) => every > 1 && index % every === 0) : inner)
          cleaned = wrap(isText ? json(cleaned) : cleaned)
        }
        const masked = maskSecrets(json(inner))
        expect(masked).not.toContain(SECRET)
        expect(plain(JSON.parse(masked))).toEqual(plain(cleaned))
      },
    ),
    { numRuns: 3_000, seed: 20261130 },
  )
})

/** Parses texts that are JSON themselves, so that ways of writing it do not matter. */
function plain(value: unknown): unknown {
  if (typeof value === 'string' && /^[{[]/.test(value)) {
    try {
      return plain(JSON.parse(value))
    } catch {
      return value
    }
  }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, key === 'host' || key === 'note' ? one : plain(one)]),
  )
}

const piece = fc.constantFrom(
  ...['\\', '\\', '"', '"', "'", 'token', 'auth_token', ':', '=', ',', ' ', '\n', 'x', '{', '}', '[', ']'],
  ...[
    '\\"token\\":\\"',
    '\\u0022',
    '\\u005c',
    '://',
    '@',
    '/',
    'Bearer ',
    'gAAAA',
    'eyJ',
    '<token>',
    '--token ',
    '(',
    ')',
  ],
)

test('no text keeps it from ending', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      expect(maskSecrets(pieces.join(''))).toBeTypeOf('string')
    }),
    { numRuns: 10_000, seed: 20261130 },
  )
})

const BYTES = 6_000_000
const filled = (part: string, length = BYTES) => part.repeat(length / part.length)

/** How many times as long as plain text: a time that grew with the square of the length would be thousands. */
const MOST_TIMES = 200

// In time that grows with the square of their length these would take days.
test('the time it takes is that of its length', { timeout: 3_600_000 }, () => {
  const notices = filled('{"event_type": "compute.instance.update", "payload": {"host": "c1", "n": 12}}, ')
  const nsPerByte = (text: string) => {
    const begin = performance.now()
    maskSecrets(text)
    return (performance.now() - begin) / text.length
  }
  const base = Math.max(nsPerByte(notices), nsPerByte(notices))
  const hostile = {
    backslashes: '\\'.repeat(BYTES),
    'a value of backslashes': `"token":"${'\\'.repeat(BYTES)}`,
    'backslashes in a value': `\\"token\\":\\"${'a\\'.repeat(BYTES / 2)}`,
    'one escape': `${'\\'.repeat(BYTES)}u0061`,
    blanks: `"token"${' '.repeat(BYTES / 2)}:${' '.repeat(BYTES / 2)}x`,
    quotes: '"'.repeat(BYTES),
    'a name of a name': `"${filled('token')}"`,
    'accounts of one address': `://${filled(',a@')}`,
    'a token of a form': filled('gAAAA'),
    ...Object.fromEntries(
      [
        ...['"token":"', '"token"', '"token\\\\"', "'token':'", 'token ', 'token:[', '<token>', '--token '],
        ...['[["token","', '[[\\"token\\",\\"', '"name":"token","', 'a://', 'eyJ', 'Bearer ', '"auth":{'],
        ...[
          '-----BEGIN PRIVATE KEY-----',
          '\\u0061',
          '\\u005c',
          '\\u0022token\\u0022:',
          'a:b@h/',
          'token\\n',
          'token:\n - ',
          'ｐass:',
          'https%3A%2F%2F',
          'mysql ',
          'a://u:p ',
          'token={',
        ],
      ].map((part) => [part, filled(part, BYTES / 10)]),
    ),
  }
  for (const [kind, text] of Object.entries(hostile))
    expect(nsPerByte(text) / base, kind).toBeLessThan(MOST_TIMES)
})

/** Parts of the forms that masks know, and of what cuts them off. */
const ATOMS = [
  ...[
    '"',
    "'",
    '\\',
    '\\"',
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    '<',
    '>',
    '&',
    ';',
    ':',
    '=',
    ',',
    '.',
    '-',
    '/',
    '@',
    '\n',
    ' ',
  ],
  ...[
    'pass',
    'password',
    '"password":',
    '"password": {',
    '"password":[',
    'password=',
    'password: ',
    "token='",
    "u'",
  ],
  ...[
    '--password ',
    '"--token",',
    'token.',
    'token ',
    'token,',
    '["token","',
    '[["token","',
    "[(b'token', b'",
    'token: ab cd',
  ],
  ...[
    '{"name":"token","value":"',
    '{"value":"a","name":"token",',
    '"value":"a",',
    '"name":"token","n":[1],',
    '{"a":{',
    'token=[',
  ],
  ...[
    '://',
    '://a:b@',
    'a:b@',
    'http://hooks.',
    'http://a/webhook/',
    '?key=',
    '/tokens/',
    '%3A%2F%2F',
    '%3d',
    '%22',
    '%40',
    '&quot;',
  ],
  ...[
    'bearer ',
    'basic ',
    'gAAAAx',
    'eyJabcdefgh.',
    '-----BEGIN PRIVATE KEY-----',
    '\\u005c',
    '\\u0022',
    '\\n',
  ],
  ...[
    '<password>',
    '<a:password b="',
    '<param name="password" ',
    'value="',
    'token%3D',
    'token%22%3A%22',
    'token[',
    'u[token]=',
  ],
  ...[
    'Authorization: Bearer ',
    'Authorization: Digest a="',
    'cookie: ',
    'auth"',
    'token: |\n  ',
    'token=>',
    'token::',
    'x:y,',
    'user data',
  ],
  ...['ｐass', '\\u200b', 'token:\n', 'token:\n  - ', 'token: &a ', 'token: !!str ', 'token: # ', '  '],
  ...['&lt;token&gt;', '%3Ctoken%3E', '<name>token</name>', '<value>', '<![CDATA[', 'token[0]', 'token: {'],
  ...[
    'mysql -p',
    'curl ',
    ' -u a:',
    'docker login ',
    'identified by ',
    "password '",
    'set password for a = ',
  ],
  ...['amqp://u:p', ' @h', 'hooks.a.', '/services/', 'https%3A%2F%2F', 'https:\\/\\/', 'webhook', 'SG.'],
  ...['negotiate ', 'user:abc@example.com/', '%2526', "''", '"""'],
]

/** Returns the time of the processor that masking takes, in microseconds: that of other processes is not in it. */
function cpuTime(text: string): number {
  const before = process.cpuUsage()
  maskSecrets(text)
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/**
 * How many times as long eight times the text takes: 8 where the time is that of the length, 64 for its square.
 * The clock of the processor is no finer than some tens of microseconds.
 */
function growth(unit: string, length: number): number {
  const least = (times: number, count: number) =>
    Math.min(...Array.from({ length: count }, () => cpuTime(filled(unit, length * times))))
  return least(8, 1) / Math.max(least(1, 3), 100)
}

test('no text of parts of forms takes time that grows with the square of its length', {
  timeout: 3_600_000,
}, () => {
  const commas = ['token=a,', 'token =', 'password=%3dtoken,', 'token=[password: token ', 'basic password=']
  const units = fc.sample(fc.array(fc.constantFrom(...ATOMS), { minLength: 2, maxLength: 4 }), {
    numRuns: 150,
    seed: 20261130,
  })
  for (const unit of [
    ...commas,
    'token: ab cdpassword: ',
    'password=(x:y,',
    ...units.map((parts) => parts.join('')),
  ]) {
    // What else the process does may come between: only what grows every time does so by itself.
    const isSteep = [1, 2, 3].every(() => growth(unit, 32_000) > 24)
    expect(isSteep, json(unit)).toBe(false)
  }
})

test.each(['auth.json:1:2: the body is not JSON', '/etc/secrets/token.yaml:3:1: warning: unknown key "foo"'])(
  'a place in a file is shown: %s',
  (text) => {
    expect(maskSecrets(text)).toBe(text)
    expect(maskSecrets('traits.password: 12:34')).toContain('***')
  },
)
