import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, onTestFinished, test } from 'vitest'
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
  const [first, second, place] = [new AbortController(), new AbortController(), {}]
  const written = async () => {
    const outcome = {}
    await order.write('s', first.signal, place, async () => outcome)
    return new WeakRef(outcome)
  }
  const outcomes = [await written(), await written()]
  await order.write('s', second.signal, place, async () => {})
  await nextTurn()
  collectGarbage()
  expect(outcomes.map((one) => one.deref())).toEqual([undefined, undefined])
})

test('what goes on under another name waits for what came before it, and goes nowhere where that was not written', async () => {
  const order = new StreamOrder()
  const { signal } = new AbortController()
  const [first, second] = [{}, {}]
  const done: string[] = []
  const slow = Promise.withResolvers<void>()
  const write = (place: object, text: string, work = async () => {}) =>
    order.write('s', signal, place, async () => {
      await work()
      done.push(text)
    })
  const all = [write(first, 'one', () => slow.promise), write(second, 'two'), write(first, 'three')]
  await nextTurn()
  expect(done).toEqual([])
  slow.resolve()
  await Promise.all(all)
  expect(done).toEqual(['one', 'two', 'three'])
  const refused = write(second, 'four', async () => Promise.reject(new Error('refused')))
  const after = write(first, 'five')
  await expect(refused).rejects.toThrow('refused')
  await expect(after).rejects.toThrow('refused')
  // Sent again after a while.
  await write(second, 'four')
  await write(first, 'five')
  expect(done).toEqual(['one', 'two', 'three', 'four', 'five'])
})

/** Opens a sink in a new folder. Returns its folder, its counters, what makes a sender, and what has a piece of text taken. */
function openSink() {
  const targetDir = temporaryFolder()
  const logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger }
  const counters = zeroCounters()
  const sink = new FileSink({
    ...{ targetDir, stateDir: join(targetDir, '.state'), path: compilePath('%file'), logger },
    ...{ isSynced: false, makesFolders: false, counters },
  })
  onTestFinished(() => sink.close())
  const senderOf = () => ({ host: 'h', peer: 'p', signal: new AbortController().signal })
  const take = (sender: Sender, name: string, stream: string, begin: number, text: string) => {
    const [from, to] = [BigInt(begin), BigInt(begin + text.length)]
    const piece = { stream, begin: from, end: to, pieces: [Buffer.from(text)] }
    return sink.take({ ...piece, file: Buffer.from(name), inode: 1n }, sender)
  }
  return { targetDir, counters, senderOf, take }
}

test('what a connection brings of a file is written in its order, also where a part waits for another connection', async () => {
  const { targetDir, senderOf, take } = openSink()
  const [lost, present] = [senderOf(), senderOf()]
  const long = `${'1'.repeat(8 << 20)}\n`
  const underWay = take(lost, 'a.log', 'rotated', 0, long)
  await nextTurn()
  // What goes on in a rotated file waits for that; the file that has taken its place would wait for nothing.
  await Promise.all([
    underWay,
    take(present, 'a.log', 'rotated', long.length, 'two\n'),
    take(present, 'a.log', 'new', 0, 'three\n'),
  ])
  expect(readFileSync(join(targetDir, 'a.log'), 'utf8').slice(long.length)).toBe('two\nthree\n')
})

test('what was written of a renamed file under its last name is not written again', async () => {
  const { targetDir, counters, senderOf, take } = openSink()
  const sender = senderOf()
  const long = `${'1'.repeat(64 << 20)}\n`
  const renamed = () => take(sender, 'b.log', 's', long.length, 'two\n')
  await Promise.all([take(sender, 'a.log', 's', 0, long), renamed()])
  await renamed()
  expect(readFileSync(join(targetDir, 'b.log'), 'utf8')).toBe('two\n')
  expect(counters.duplicates).toBe(1)
})
