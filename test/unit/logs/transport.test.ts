import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readTlsFiles } from '../../../src/runtime/tls-files.ts'
import { Authority } from '../../support/certificates.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { RecordingProxy } from '../../support/logs/recording-proxy.ts'
import { type CollectorSettings, startCollector, startProcessor } from '../../support/logs/running-logs.ts'
import { TcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

type Parts = Parameters<typeof startProcessor>[1]

/** A collector and a processor in this process, with their folders. */
async function bothSides(settings: CollectorSettings = {}, parts: Parts = {}) {
  const folder = temporaryFolder()
  const [source, target] = [join(folder, 'source'), join(folder, 'target')]
  for (const path of [source, target]) mkdirSync(path)
  const processor = await startProcessor(target, parts)
  const { port } = processor.processor
  const start = (more: CollectorSettings = {}) =>
    startCollector(source, join(folder, 'offsets.db'), port, { ...settings, ...more })
  const at = (name: string) => join(source, name)
  const got = (name: string) =>
    existsSync(join(target, name)) ? readFileSync(join(target, name), 'utf8') : ''
  const arrives = (name: string, text: string) => until(`${name} to arrive`, () => got(name) === text)
  return { ...processor, folder, source, target, port, start, at, got, arrives }
}

test('files that are moved in, renamed, cut, replaced and linked go under their names, once', async () => {
  const { start, at, arrives, folder, counters } = await bothSides()
  const collector = await start()
  writeFileSync(join(folder, 'elsewhere'), 'moved in\n')
  renameSync(join(folder, 'elsewhere'), at('a.log'))
  await arrives('a.log', 'moved in\n')

  renameSync(at('a.log'), at('b.log'))
  appendFileSync(at('b.log'), 'after\n')
  await arrives('b.log', 'after\n')

  truncateSync(at('b.log'))
  await until('the cut to be seen', () => collector.view().newLives === 1)
  appendFileSync(at('b.log'), 'again\n')
  await arrives('b.log', 'after\nagain\n')

  writeFileSync(join(folder, 'other'), 'another file\n')
  renameSync(join(folder, 'other'), at('b.log'))
  await arrives('b.log', 'after\nagain\nanother file\n')

  linkSync(at('b.log'), at('c.log'))
  writeFileSync(join(folder, 'far'), 'far\n')
  symlinkSync('../far', at('link.log'))
  await arrives('link.log', 'far\n')
  expect(counters.duplicates).toBe(0)
  expect(existsSync(join(folder, 'target', 'c.log'))).toBe(false)
})

test('names are included and excluded, rotated ones with their own, and folders are entered where that is asked for', async () => {
  const { start, at, arrives, target } = await bothSides({
    include: ['*.log'],
    exclude: ['secret*', '*.gz'],
    isRecursive: true,
  })
  mkdirSync(at('sub'))
  for (const name of ['a.log', 'b.txt', 'secret.log', 'sub/c.log', 'd.log.old'])
    writeFileSync(at(name), `${name}\n`)
  await start()
  for (const name of ['a.log', 'sub/c.log']) await arrives(name, `${name}\n`)
  await arrives('d.log', 'd.log.old\n')
  mkdirSync(at('later'))
  writeFileSync(at('later/e.log'), 'e\n')
  await arrives('later/e.log', 'e\n')
  expect(readdirSync(target).sort()).toEqual(['a.log', 'd.log', 'later', 'sub'])
})

test('a line that is longer than a message goes in pieces, packed too, and one without an end goes after a while', async () => {
  const line = `${'0123456789'.repeat(70_000)}\n`
  for (const zstd of [false, true]) {
    const { start, at, arrives, counters } = await bothSides({ zstd })
    writeFileSync(at('first.log'), 'first\n')
    await start()
    await arrives('first.log', 'first\n')
    const before = counters.receivedBytes
    writeFileSync(at('long.log'), `${line}half`)
    await arrives('long.log', `${line}half`)
    expect(counters.receivedBytes - before < 100_000).toBe(zstd)
  }
})

test('what is sent again after a lost connection is dropped where it was written before', async () => {
  const { start, at, arrives, port, folder, counters } = await bothSides()
  const proxy = await TcpProxy.start(`tcp://127.0.0.1:${port}`)
  const through = Number(new URL(proxy.urlOf('tcp://127.0.0.1:1')).port)
  writeFileSync(at('a.log'), '1\n')
  const collector = await start({ target: { host: '127.0.0.1', port: through } })
  await arrives('a.log', '1\n')
  await until('its answer', () => collector.view().lagBytes === 0)
  // The next message is written, and its answer is lost.
  const lost = proxy.cutBeforeAnswer(Buffer.from('a.log'))
  appendFileSync(at('a.log'), '2\n')
  await lost
  await until('the answer', () => collector.view().reconnects > 0 && collector.view().lagBytes === 0)
  await arrives('a.log', '1\n2\n')
  expect([counters.duplicates, counters.droppedBytes, collector.view().resentBytes]).toEqual([1, 2, 2])
  await collector.stop()
  expect(JSON.parse(readFileSync(join(folder, 'offsets.db'), 'utf8'))).toMatchObject([{ Off: 4 }])
  await proxy.stop()
})

test('a name that the processor refuses is counted on both sides, and the other files go on', async () => {
  const { start, at, arrives, target, counters } = await bothSides()
  mkdirSync(join(target, 'folder.log'))
  symlinkSync('/dev/full', join(target, 'link.log'))
  for (const name of ['folder.log', 'link.log', 'fine.log']) writeFileSync(at(name), 'x\n')
  const collector = await start()
  await arrives('fine.log', 'x\n')
  await until('both refusals', () => collector.view().refusedFiles === 2)
  expect(Object.keys(counters.refusals).sort()).toEqual([
    'its name is that of a folder',
    'its name leads to a link, which is not followed',
  ])
  expect(
    collector
      .lags()
      .map(({ file }) => file)
      .sort(),
  ).toEqual(['folder.log', 'link.log'])
})

test('files of many hosts are kept apart by %host', async () => {
  const { start, at, arrives } = await bothSides({ host: '../web1' }, { path: '%host/%file' })
  writeFileSync(at('a.log'), 'x\n')
  await start()
  await arrives('.._web1/a.log', 'x\n')
})

test('a token and encryption are asked for, and thunder is denied where there is a token', async () => {
  const authority = new Authority(temporaryFolder(), 'ours')
  const context = await readTlsFiles(authority.sign('server', 'DNS:localhost'), '/')
  const tls = { context, asksCertificate: false, allowsPlain: false }
  const { start, at, got, arrives, port, counters } = await bothSides({}, { token: 's3cret', tls })
  const encrypted = await readTlsFiles({ ca: authority.ca }, '/')
  writeFileSync(at('a.log'), 'x\n')
  const settings: CollectorSettings[] = [
    { token: 's3cret' },
    { target: { host: 'localhost', port, tls: encrypted }, token: 'wrong' },
    { target: { host: 'localhost', port, tls: encrypted } },
  ]
  for (const [index, one] of settings.entries()) {
    const collector = await start(one)
    await until('it to be denied', () => counters.deniedConnections > index)
    await collector.stop()
  }
  const doubting = await start({ target: { host: 'localhost', port, tls: {} }, token: 's3cret' })
  await until('the certificate to be refused', () => /certificate/.test(doubting.hindrance() ?? ''))
  await doubting.stop()
  expect(got('a.log')).toBe('')
  await start({ target: { host: 'localhost', port, tls: encrypted }, token: 's3cret' })
  await arrives('a.log', 'x\n')
})

test('what only ours know is not said to thunder once it has answered', async () => {
  const { start, at, arrives, port } = await bothSides()
  const proxy = await RecordingProxy.start(port, true)
  writeFileSync(at('a.log'), 'x\n')
  const collector = await start({ target: { host: '127.0.0.1', port: proxy.port } })
  await arrives('a.log', 'x\n')
  await until('the answer', () => collector.view().lagBytes === 0)
  appendFileSync(at('a.log'), 'half')
  // Thunder gets what has no end at once.
  await arrives('a.log', 'x\nhalf')
  expect(proxy.connections[0]?.map(({ lineCount }) => lineCount)).toEqual([1, 1])
  proxy.stop()
})

test('SIGHUP of the collector changes patterns and connects anew', async () => {
  const { start, at, arrives, got, port } = await bothSides({ include: ['a.log'] })
  const collector = await start()
  for (const name of ['a.log', 'b.log']) writeFileSync(at(name), `${name}\n`)
  await arrives('a.log', 'a.log\n')
  await delay(50)
  expect(got('b.log')).toBe('')
  collector.reload(() => true, { host: '127.0.0.1', port }, undefined)
  await arrives('b.log', 'b.log\n')
  await until('the answer on the new connection', () => collector.hindrance() === undefined)
})

test('answers to a life of a file that is over do not count for the next one', async () => {
  const { start, at, arrives, port } = await bothSides()
  const proxy = await TcpProxy.start(`tcp://127.0.0.1:${port}`)
  const through = Number(new URL(proxy.urlOf('tcp://127.0.0.1:1')).port)
  writeFileSync(at('a.log'), 'first\n')
  const collector = await start({ target: { host: '127.0.0.1', port: through } })
  await until('the first line to be answered', () => collector.view().lagBytes === 0)
  let wanted = 'first\n'
  for (let round = 0; round < 5; round++) {
    const text = `${'x'.repeat(50)}\n`
    appendFileSync(at('a.log'), text)
    wanted += text
    // Written, and perhaps not answered yet.
    await arrives('a.log', wanted)
    truncateSync(at('a.log'))
    await until('the cut to be seen', () => collector.view().newLives > round)
    appendFileSync(at('a.log'), `${round}\n`)
    wanted += `${round}\n`
    await arrives('a.log', wanted)
    await until('all to be answered', () => collector.view().lagBytes === 0)
    expect(collector.view().unansweredMessages).toBe(0)
  }
  await proxy.stop()
})
