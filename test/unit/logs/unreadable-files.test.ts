import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Collector } from '../../../src/logs/collector/collector.ts'
import type { Logger } from '../../../src/runtime/logger.ts'
import { temporaryFolder } from '../../support/folders.ts'
import { startCollector, startProcessor } from '../../support/logs/running-logs.ts'
import { until } from '../../support/until.ts'

/** Files of the kernel, of 4096 bytes as it says: one cannot be opened, two cannot be read, and one holds a few bytes. */
const NOT_TO_OPEN = '/sys/bus/platform/drivers_probe'
const NOT_TO_READ = '/sys/class/net/lo/speed'
const NOT_TO_READ_EITHER = '/sys/class/net/lo/duplex'
const SHORT = '/sys/class/net/lo/mtu'

type World = {
  readonly collector: Collector
  readonly warnings: readonly string[]
  at(name: string): string
  arrives(name: string, text: string): Promise<void>
}

/** Starts both sides with files in the source folder, given by their contents or as links to others. */
async function collecting(files: {
  readonly [name: string]: string | { readonly link: string }
}): Promise<World> {
  const folder = temporaryFolder()
  const [source, target] = [join(folder, 'source'), join(folder, 'target')]
  for (const path of [source, target]) mkdirSync(path)
  for (const [name, content] of Object.entries(files))
    if (typeof content === 'string') writeFileSync(join(source, name), content)
    else symlinkSync(content.link, join(source, name))
  const warnings: string[] = []
  const warn = (_: object, sentence: string) => void warnings.push(sentence)
  const logger: Logger = { debug() {}, info() {}, warn, error() {}, child: () => logger }
  const { processor } = await startProcessor(target)
  const collector = await startCollector(source, join(folder, 'offsets.db'), processor.port, { logger })
  const got = (name: string) =>
    existsSync(join(target, name)) ? readFileSync(join(target, name), 'utf8') : ''
  return {
    collector,
    warnings,
    at: (name) => join(source, name),
    arrives: (name, text) => until(`${name} to arrive`, () => got(name) === text),
  }
}

test('files that cannot be opened or read are told once, the others go on, and they too when they can be read', async () => {
  const { collector, warnings, at, arrives } = await collecting({
    'a.log': { link: NOT_TO_READ },
    'b.log': { link: NOT_TO_OPEN },
    'c.log.old': { link: NOT_TO_READ_EITHER },
    'c.log': 'c\n',
    'd.log': 'd\n',
  })
  await arrives('c.log', 'c\n')
  await arrives('d.log', 'd\n')
  appendFileSync(at('d.log'), 'more\n')
  await arrives('d.log', 'd\nmore\n')
  rmSync(at('d.log'))
  mkdirSync(at('d.log'))
  for (const name of ['a.log', 'b.log']) rmSync(at(name))
  writeFileSync(at('a.log'), 'a\n')
  symlinkSync(at('c.log'), at('b.log'))
  await arrives('a.log', 'a\n')
  await collector.stop()
  const named = warnings.map((sentence) => /(\w\.log\S*) cannot be read/.exec(sentence)?.[1])
  expect(named.sort()).toEqual(['a.log', 'b.log', 'c.log.old'])
})

test('a file that holds less than its size says is not read all the time', async () => {
  const { collector, arrives } = await collecting({ 'a.log': { link: SHORT }, 'b.log': 'b\n' })
  await arrives('b.log', 'b\n')
  await until('the short file to be read', () => collector.view().bytes > 2)
  const before = performance.eventLoopUtilization()
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5)
})
