import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { FileSink } from '../../../src/logs/processor/file-sink.ts'
import { compilePath } from '../../../src/logs/processor/path-template.ts'
import { zeroCounters } from '../../../src/logs/processor/processor-state.ts'
import type { Sender } from '../../../src/logs/processor/sink.ts'
import { StreamOrder } from '../../../src/logs/processor/stream-order.ts'
import { temporaryFolder } from '../../support/folders.ts'

/** Collects what nothing refers to. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

test('the order of a stream that is written for ever keeps nothing of what is written', async () => {
  const order = new StreamOrder()
  const [first, second] = [new AbortController(), new AbortController()]
  const written = async () => {
    const outcome = {}
    await order.inTurn('s', first.signal)
    order.note('s', Promise.resolve(outcome))
    return new WeakRef(outcome)
  }
  const outcomes = [await written(), await written()]
  await order.inTurn('s', second.signal)
  await nextTurn()
  collectGarbage()
  expect(outcomes.map((one) => one.deref())).toEqual([undefined, undefined])
})

test('what a connection brings of a file is written in its order, also where a part waits for another connection', async () => {
  const targetDir = temporaryFolder()
  const logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger }
  const sink = new FileSink({
    ...{ targetDir, stateDir: join(targetDir, '.state'), path: compilePath('%file'), logger },
    ...{ isSynced: false, makesFolders: false, counters: zeroCounters() },
  })
  const senderOf = () => ({ host: 'h', peer: 'p', signal: new AbortController().signal })
  const take = (sender: Sender, stream: string, begin: number, text: string) => {
    const [from, to] = [BigInt(begin), BigInt(begin + text.length)]
    const piece = { stream, begin: from, end: to, pieces: [Buffer.from(text)] }
    return sink.take({ ...piece, file: Buffer.from('a.log'), inode: 1n }, sender)
  }
  const [lost, present] = [senderOf(), senderOf()]
  const long = `${'1'.repeat(8 << 20)}\n`
  const underWay = take(lost, 'rotated', 0, long)
  await nextTurn()
  // What goes on in a rotated file waits for that; the file that has taken its place would wait for nothing.
  await Promise.all([
    underWay,
    take(present, 'rotated', long.length, 'two\n'),
    take(present, 'new', 0, 'three\n'),
  ])
  expect(readFileSync(join(targetDir, 'a.log'), 'utf8').slice(long.length)).toBe('two\nthree\n')
  await sink.close()
})
