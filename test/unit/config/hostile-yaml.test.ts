import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { handlerFaults } from '../../../src/assembly/require-pipelines.ts'
import { isFatal } from '../../../src/config/checks/findings.ts'
import { checkConfig } from '../../../src/config/load/load-config.ts'
import { ConfigError, type Finding } from '../../../src/domain/errors.ts'
import { SOUND_FILES } from '../../support/config-findings.ts'
import { corpusOf, nearCorpus } from '../../support/corpus.ts'
import { temporaryFolder } from '../../support/folders.ts'

const FILES = Object.keys(SOUND_FILES)
const corpus = corpusOf('yaml')

/** The findings of sound files one of which holds these bytes. */
async function findingsWith(folder: string, name: string, bytes: Buffer): Promise<readonly Finding[]> {
  mkdirSync(folder, { recursive: true })
  for (const [file, text] of Object.entries(SOUND_FILES)) writeFileSync(join(folder, file), text)
  writeFileSync(join(folder, name), bytes)
  try {
    const { findings, config } = await checkConfig(
      join(folder, 'winchester.yaml'),
      {},
      { mode: 'check', checkHandlers: handlerFaults },
    )
    expect(config === undefined).toBe(findings.some(isFatal))
    return findings
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    expect(error.message).toContain(folder)
    return error.findings
  }
}

async function expectPlaces(folder: string, name: string, bytes: Buffer): Promise<void> {
  const lines = bytes.toString().split(/\r\n|[\r\n]/).length
  for (const { message, position } of await findingsWith(folder, name, bytes)) {
    expect(message).toMatch(/^[^\n]+$/)
    expect(position.column).toBeGreaterThan(0)
    expect(position.line).toBeGreaterThan(0)
    if (basename(position.file) === name) expect(position.line).toBeLessThanOrEqual(lines)
  }
}

test.each(FILES)('whatever of the corpus stands in %s, it is read or told with its place', async (name) => {
  const folder = temporaryFolder()
  for (const bytes of corpus) await expectPlaces(folder, name, bytes)
  expect({}).not.toHaveProperty('a')
})

test.each(FILES)('so is what comes near to it, in %s', async (name) => {
  const folder = temporaryFolder()
  const near = nearCorpus(corpus.filter(({ length }) => length < 5000))
  await fc.assert(
    fc.asyncProperty(near, (bytes) => expectPlaces(folder, name, bytes)),
    { numRuns: 200 },
  )
})
