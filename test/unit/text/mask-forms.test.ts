import { describe, expect, test } from 'vitest'
import { maskSecrets, maskValues } from '../../../src/text/mask-secrets.ts'

const SECRET = 's3cr3t-7Q'
const json = JSON.stringify

describe.each([
  [
    'percent-encoded',
    [
      '{"url":"http://h:6080/vnc_lite.html?path=%3Ftoken%3D#"}',
      '{"url":"http://h:6080/vnc_lite.html?path=%253Ftoken%253D#"}',
      'GET /v1/events?from_datetime=password%3D#',
      '{"msg":"GET /v1/events?from_datetime=password%3D#"}',
      "{'url': 'http://h/?path=%3Fauth%3D#'}",
      '{"a":"{\\"url\\":\\"http://h/?path=%3Ftoken%3D#\\"}"}',
      '/?q=password%5B0%5D%3D#&x=1',
      '/?q=%3Cpassword%3E#%3C%2Fpassword%3E',
      '/?q=pass%77ord=#',
      '/?q=pass%2577ord%253D#',
      '/?to=%2Fsend%3Fkey%3D#%26a%3D1',
    ],
  ],
  [
    'in YAML',
    [
      'passwords:\n  - #\n  - #\nhost: c1\n',
      'passwords:\n- #\n- #\nhost: c1\n',
      'password:\n    main: #\n    other: #\nhost: c1\n',
      '"password":\n    main: #\n    other: #\nhost: c1\n',
      '- name: x\n  passwords:\n  - #\n  host: c1\n',
      'secret: !!str #\nhost: c1',
      'secret: !!str "#"\nhost: c1',
      'secret: &a #\nhost: c1',
      'secret: &a\n  x: #\nhost: c1',
      'secret: !vault |\n  #\n  #\nhost: c1',
      'secret: |2-\n    #\n   #\nhost: c1',
      'secret: > SHARP folded\n  #\n\n  #\nhost: c1',
      '"secret": |\n  #\n  #\nhost: c1',
      'secret: SHARP of the root\n  - #\nhost: c1',
      'secret: {a: #, b: [#]}\nhost: c1',
      'secret: [#, "#", \'#\']\nhost: c1',
      'secret: ["#"]\nhost: c1',
      json({ file: 'a: 1\npasswords:\n  - #\n  - "#"\nhost: c1\n', n: 1 }),
      json({ file: json({ file: 'a: 1\npasswords:\n  - #\n  - "#"\nhost: c1\n', n: 1 }) }),
      json({ file: 'auth:\n  user: "#"\n  x: \'#\'\nhost: c1\n' }),
      "{'file': 'passwords:\\n  - #\\n  - #\\nhost: c1\\n', 'n': 1}",
      'secret:\n  - a: 1\n\n    b: #\nhost: c1',
      "password: 'it''s #'\nhost: c1",
      json({ file: 'x: 1\nauth: #\nhost: c1' }),
    ],
  ],
  [
    'in markup',
    [
      '&lt;password&gt;#&lt;/password&gt;',
      '&amp;lt;password&amp;gt;#&amp;lt;/password&amp;gt;',
      '&lt;password type=&quot;x&quot;&gt;#&lt;/password&gt;',
      '&SHARP60;password&SHARP62;#&SHARP60;/password&SHARP62;',
      '&lt;name&gt;password&lt;/name&gt;&lt;value&gt;&lt;string&gt;#&lt;/string&gt;',
      '<member><name>password</name><value><string>#</string></value></member>',
      '<member>\n<name>password</name>\n<value>\n<string>#</string></value></member>',
      '<entry><key>password</key><type>text</type><value>#</value></entry>',
      '<key>password</key><string>#</string>',
      '<password><![CDATA[#]]></password>',
      '<password><value>#</value></password>',
    ],
  ],
  [
    'behind names of other forms',
    [
      'password[0]=#',
      'password[]=#&a=1',
      'password[a][b]: #',
      'passwords["main"] = "#"',
      "(b'x-auth-token', b'#')",
      "('X-Auth-Token', '#')",
      '{"password\\u0000": "#"}',
      '{"password\\n": "#"}',
      '{"pass\\u200bword": "#"}',
      '{"pass\u200bword": "#"}',
      '{"\\uff50assword": "#"}',
      'ｐassword=#',
      'ｔｏｋｅｎ＝#',
      'password：#',
      '{"ｐａｓｓｗｏｒｄ": "#"}',
      '<pass\u00adword>#</pass\u00adword>',
      '{"a":"{\\"pass\\\\u200bword\\": \\"#\\"}"}',
      '{"𝐩𝐚𝐬𝐬𝐰𝐨𝐫𝐝": "#"}',
      '{"pa\u0000ssword": "#"}',
      '"password":"""#"""',
      'password = """\n#"x"\n#"""',
      "password = '''#'''",
      '{"a":"password=\\"\\"\\"#\\"\\"\\""}',
      '{"cmd":"mysqldump --password #"}',
    ],
  ],
  [
    'of commands',
    [
      "CREATE USER 'a'@'%' IDENTIFIED BY '#'",
      "identified by password '#'",
      "IDENTIFIED WITH mysql_native_password BY '#'",
      "IDENTIFIED VIA ed25519 USING '#'",
      json({ sql: 'IDENTIFIED BY "#"' }),
      "SET PASSWORD FOR 'a'@'h' = PASSWORD('#')",
      "SET PASSWORD FOR 'a'@'h' = '#'",
      "CREATE ROLE a WITH LOGIN PASSWORD '#'",
      'mysql -p#',
      'mysqldump -u root -p# nova',
      "mysql -u root -p'#' nova",
      "['mysql', '-uroot', '-p#', 'nova']",
      'curl -u a:# http://h/',
      'curl -s --user a:# http://h/',
      'curl -su a:# http://h/',
      '["curl", "-u", "a:#", "http://h/"]',
      json({ cmd: 'curl -u "a:#" http://h/' }),
      'sshpass -p # ssh h',
      'redis-cli -h h -a # ping',
      'ldapsearch -x -D cn=a -w # -b x',
      'ipmitool -H h -U a -P # power on',
      'rabbitmqctl add_user me #',
      'docker login -u a -p # h',
    ],
  ],
  [
    'in addresses',
    [
      'amqp://u:# q@h',
      "amqp://u:p'#@h",
      'amqp://u:p<#>@h',
      'amqp://u:"#"@h',
      json({ url: 'amqp://u:"#"@h', n: 1 }),
      json({ url: "amqp://u:p'#@h:5672/v", n: 1 }),
      "'amqp://u:p q #@h'",
      "u:p'#@h:5672/v",
    ],
  ],
  [
    'in paths of webhooks',
    [
      'https:\\/\\/hooks.slack.com\\/services\\/T1\\/B2\\/#',
      '{"url":"https:\\/\\/hooks.slack.com\\/services\\/T1\\/B2\\/#"}',
      'https:\\/\\/discord.com\\/api\\/webhooks\\/123\\/#',
      'url=https%3A%2F%2Fhooks.slack.com%2Fservices%2FT1%2FB2%2F#&x=1',
      '{"url":"https%3A%2F%2Fhooks.slack.com%2Fservices%2FT1%2FB2%2F#"}',
      'url=https%253A%252F%252Fdiscord.com%252Fapi%252Fwebhooks%252F123%252F#',
      'hooks.slack.com/services/T1/B2/#',
      'POST discord.com/api/webhooks/123/#',
      'POST /api/webhooks/123/#',
      'POST /services/T1/B2/# HTTP/1.1',
      'x.webhook.office.com/webhookb2/#',
      'hooks.slack.com\\/services\\/T1\\/B2\\/#',
      'chat.example.com/hooks/0123456789abcdef#',
      'hooks.slack.com%2Fservices%2FT1%2FB2%2F#',
    ],
  ],
])('a secret is masked %s', (_, forms) => {
  test.each(forms)('%s', (form) => {
    const masked = maskSecrets(form.replaceAll('#', SECRET).replaceAll('SHARP', '#'))
    expect(masked).not.toMatch(/s3cr3t|7Q/)
    expect(masked).toContain('***')
    if (form.includes('host: c1')) expect(masked).toContain('host: c1')
    if (/^\{"|^\["/.test(form) && !form.includes('"""')) JSON.parse(masked)
  })
})

const RANDOM = 'Zx8Qm2Lk9Tr4Vb7Nc1Wd5Hf3Jg6Ps0Ay8Eu4Io2'

describe('tokens are known by how they begin', () => {
  test.each([
    'Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa+g',
    'NTLM TlRMTVNTUAADAAAAGAAYAHIAAAA',
    'AKIAIOSFODNN7EXAMPLE',
    `hvs.${RANDOM}`,
    `sk_live_${RANDOM}`,
    `rk_live_${RANDOM}`,
    `AIza${RANDOM.slice(0, 35)}`,
    `npm_${RANDOM.slice(0, 36)}`,
    `SG.${RANDOM.slice(0, 22)}.${RANDOM}`,
    `glsa_${RANDOM}`,
    `sk-proj-${RANDOM}`,
    `xapp-1-${RANDOM}`,
    `ya29.${RANDOM}`,
    `pypi-AgE${RANDOM}`,
    `dckr_pat_${RANDOM}`,
    'dop_v1_0123456789abcdef0123456789abcdef',
  ])('%s', (token) => {
    for (const write of [
      (text: string) => `of ${text}, and`,
      (text: string) => json({ note: text }),
      (text: string) => `q%3D${text}&x=1`,
      (text: string) => json({ note: `a\n${text}\n` }),
    ]) {
      const masked = maskSecrets(write(token))
      expect(masked).not.toContain(token.slice(-12))
      expect(masked).toContain('***')
    }
  })
})

test('names of values are read in their plain form', () => {
  expect(maskValues({ 'pass\u200bword': 'a', ｐassword: 'b', 'token\u0000': 'c', größe: 'd' })).toEqual({
    'pass\u200bword': '***',
    ｐassword: '***',
    'token\u0000': '***',
    größe: 'd',
  })
})

test.each([
  'user:someone@example.com/x and mailto:some.one@example.com/x',
  'expected mysql://USER:PASSWORD@HOST[:PORT]/NAME',
  'expected amqp://USER:PASSWORD@HOST[:PORT][,…]/VHOST',
  'größe der Straße: 5, naïve ｆull width ｗords',
  json({ note: 'größe\u200b: 1', text: 'ｐａｓｓ it on', n: 'a\tb\n' }),
  'mysql -u root -h db nova; curl -s http://h:80/x; mysql --version',
  'the mysql server at db has gone away - please retry',
  '/etc/letsencrypt/renewal-hooks/deploy/x.sh and .git/hooks/pre-commit',
  'https://api.example/services/compute and http://h/v2/services',
  'AKIAIO, SK-3, sk-learn, key-value, the SG. of npm_config_cache',
  'time zone Asia/Tokyo, ASIAGO',
  'hooks.yaml and src/hooks.test.ts',
  'amqp://h:5672 is down, write to me@example.com',
  json({ url: 'http://h:abc', mail: 'x@h' }),
  json({ 'auth.methods': ['password', 'token'] }),
  "('password', 'token')",
  '<name>colour</name><value><string>blue</string></value>',
  json({ file: 'colours:\n  - red\nkey_name: |\n  a\n' }),
  'negotiate a price of 5',
])('%s stays as it is', (text) => expect(maskSecrets(text)).toBe(text))
