import { expect, test } from 'vitest'
import { parseBrokerAddress } from '../../../src/text/broker-address.ts'
import { parseMysqlAddress } from '../../../src/text/mysql-address.ts'

function mysql(text: string) {
  const parsed = parseMysqlAddress(text)
  if ('fault' in parsed) throw new Error(parsed.fault)
  return parsed
}

test.each([
  ['mysql://u:p@h/db', { host: 'h', port: 3306, user: 'u', password: 'p', database: 'db', tls: undefined }],
  ['mysql+pymysql://u:p@h:3307/db', { port: 3307 }],
  ['mariadb+mysqldb://u:p@[::1]:3307/db', { host: '::1', port: 3307 }],
  ['mysql://h/db', { user: '', password: '' }],
  // What has no digits of hex behind it is a % as it stands, as SQLAlchemy and AMQP libraries read it.
  ['mysql://u:pa%ss@h/db', { password: 'pa%ss' }],
  ['mysql://u:100%@h/db', { password: '100%' }],
  ['mysql://u:%25%2F%3a%40%C3%A9@h/db', { password: '%/:@é' }],
  ['mysql://u:a:b@c@h/db', { user: 'u', password: 'a:b@c' }],
  ['mysql://u:p+q@h/d%20b', { password: 'p+q', database: 'd b' }],
  ['mysql://u:p@/db?unix_socket=/run/my%20sql.sock', { socketPath: '/run/my sql.sock' }],
  ['mysql://u:p@localhost/db?unix_socket=/run/s', { socketPath: '/run/s', text: '/run/s/db' }],
  ['mysql://u:p@h/db?charset=utf8', { host: 'h' }],
  ['mysql://u:p@h/db?charset=utf8mb4&use_unicode=1&connect_timeout=3', { connectTimeoutMs: 3000 }],
])('%s is understood', (text, expected) => {
  expect(mysql(text)).toMatchObject({ address: expected, unused: [] })
})

test.each([
  ['', undefined],
  ['ssl_mode=disabled', undefined],
  ['ssl-mode=DISABLED', undefined],
  ['ssl_disabled=true', undefined],
  ['ssl_disabled=false', undefined],
  ['ssl=false', undefined],
  ['ssl_mode=REQUIRED', 'nobody'],
  ['ssl_mode=required&ssl_ca=c', 'authority'],
  ['ssl_mode=verify_ca', 'authority'],
  ['ssl-mode=VERIFY_IDENTITY&ssl-ca=c', 'name'],
  ['ssl_ca=c', 'name'],
  ['ssl=true', 'name'],
  ['ssl_cert=c&ssl_key=k', 'name'],
  ['ssl_ca=c&ssl_verify_cert=true', 'authority'],
  ['ssl_ca=c&ssl_verify_cert=True&ssl_verify_identity=1', 'name'],
  ['ssl_ca=c&ssl_check_hostname=false', 'authority'],
  ['ssl_ca=c&ssl_verify_identity=false', 'authority'],
  ['ssl_ca=c&ssl_verify_cert=false', 'nobody'],
])('with %s the server is verified so far: %s', (options, verifies) => {
  expect(mysql(`mysql://u:p@h/db?${options}`).address.tls?.verifies).toBe(verifies)
})

test('files of TLS are named as they stand', () => {
  const { address } = mysql('mysql://u:p@h/db?ssl_ca=ca.pem&ssl_cert=%2Fc.pem&ssl_key=k.pem')
  expect(address.tls).toMatchObject({ ca: 'ca.pem', cert: '/c.pem', key: 'k.pem' })
})

test('options of drivers that mean nothing here are told of', () => {
  expect(mysql('mysql://u:p@h/db?read_timeout=3').unused).toEqual([
    'read_timeout is accepted and has no effect',
  ])
})

test.each([
  ['postgres://u:pw@h/db', /^expected mysql:/],
  ['mysql://u:pw@h', /name of one database/],
  ['mysql://u:pw@h/a/b', /name of one database/],
  ['mysql://u:pw@:3306/db', /expected mysql:/],
  ['mysql://u:pw@h:0/db', /port 0 is not in 1/],
  ['mysql://u:pw@h:99999/db', /port 99999 is not in 1/],
  ['mysql://u:pw@h:x/db', /host/],
  ['mysql://u:pw@a,b/db', /only one host is allowed/],
  ['mysql://u:pw@%2Frun%2Fsock/db', /host/],
  ['mysql://u:pw#x@h/db', /%23 for #/],
  ['mysql://u:pw/x@h/db', /%2F for \//],
  ['mysql://u:pw x@h/db', /special/],
  ['mysql://u:%ff@h/db', /not UTF-8/],
  ['mysql://u:pw@h/db?ssl_capath=/etc/ssl', /ssl_capath is not understood; known are .*ssl_ca/],
  ['mysql://u:pw@h/db?sslca=c', /sslca is not understood/],
  ['mysql://u:pw@h/db?init_command=x', /init_command is not understood/],
  ['mysql://u:pw@h/db?ssl_ca=a&ssl_ca=b', /ssl_ca is given twice/],
  ['mysql://u:pw@h/db?ssl_ca=', /ssl_ca is empty/],
  ['mysql://u:pw@h/db?ssl_mode=preferred', /preferred falls back to plain text/],
  ['mysql://u:pw@h/db?ssl_mode=verify', /expected one of disabled, required/],
  ['mysql://u:pw@h/db?ssl_mode=disabled&ssl_ca=c', /switched off, but ssl_ca/],
  ['mysql://u:pw@h/db?ssl_disabled=1&ssl_verify_cert=1', /switched off, but ssl_verify_cert/],
  [
    'mysql://u:pw@h/db?ssl_mode=required&ssl_verify_cert=true',
    /ssl_mode cannot be combined with ssl_verify_cert/,
  ],
  ['mysql://u:pw@h/db?ssl_cert=c', /must be given together/],
  ['mysql://u:pw@h/db?ssl_verify_cert=maybe', /expected true or false/],
  ['mysql://u:pw@h/db?ssl_ca=c&ssl_verify_cert=0&ssl_check_hostname=1', /needs ssl_verify_cert/],
  ['mysql://u:pw@h/db?charset=latin1', /charset: latin1/],
  ['mysql://u:pw@h/db?use_unicode=0', /use_unicode/],
  ['mysql://u:pw@h/db?connect_timeout=soon', /number of seconds/],
  ['mysql://u:pw@far/db?unix_socket=/s', /the host names another/],
  ['mysql://u:pw@/db?unix_socket=', /unix_socket is empty/],
  ['mysql://u:pw@/db?unix_socket=/s&ssl_ca=c', /unix_socket cannot be used with TLS/],
])('%s is refused, its password not told', (text, fault) => {
  const parsed = parseMysqlAddress(text)
  expect(parsed).toMatchObject({ fault: expect.stringMatching(fault) })
  expect(JSON.stringify(parsed)).not.toContain('pw')
})

function brokers(text: string) {
  const parsed = parseBrokerAddress(text)
  if ('fault' in parsed) throw new Error(parsed.fault)
  return parsed.addresses.map(({ host, port, user, password, virtualHost, isEncrypted }) =>
    [isEncrypted ? 'tls' : 'plain', user, password, host, port, virtualHost].join(' '),
  )
}

test.each([
  ['amqp://h', ['plain guest guest h 5672 /']],
  ['amqps://u:p@h/', ['tls u p h 5671 /']],
  ['amqp://u:p@h:1//', ['plain u p h 1 /']],
  ['amqp://u:p@h/%2F', ['plain u p h 5672 /']],
  ['amqp://u:p@h/v%2Fw', ['plain u p h 5672 v/w']],
  ['amqp://u:pa%ss%41@h/v', ['plain u pa%ssA h 5672 v']],
  [
    'amqp://guest:guest@mq1:5672,guest:guest@mq2:5673/',
    ['plain guest guest mq1 5672 /', 'plain guest guest mq2 5673 /'],
  ],
  ['rabbit://u:p@a,b,v:q@[::1]:1/w', ['plain u p a 5672 w', 'plain u p b 5672 w', 'plain v q ::1 1 w']],
  ['rabbit://u:p@a/?ssl=1&heartbeat=4', ['tls u p a 5671 /']],
])('%s names these brokers', (text, expected) => {
  expect(brokers(text)).toEqual(expected)
})

test.each([
  ['http://u:pw@h/', /^expected amqp:/],
  ['amqp://', /host is missing/],
  ['amqp://u:pw@a,,b/', /host is missing/],
  ['amqp://u:pw@a:x/', /host/],
  ['amqp://u:pw,x@a/', /%2C for ,/],
  ['amqp://u:pw#@a/', /%23/],
  ['amqp://u:pw@a/?cacertfile=c', /ca_file, cert_file and key_file are keys of \[rabbit_broker\]/],
  ['amqp://u:pw@a/?hearbeat=c', /hearbeat is not understood/],
  ['amqp://u:pw@a/?heartbeat=soon', /whole number/],
  ['amqp://u:pw@a/?toString=1', /not understood/],
])('the broker %s is refused, its password not told', (text, fault) => {
  const parsed = parseBrokerAddress(text)
  expect(parsed).toMatchObject({ fault: expect.stringMatching(fault) })
  expect(JSON.stringify(parsed)).not.toContain('pw')
})
