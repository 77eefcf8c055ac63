import type { Command } from 'commander'
import { checkShape } from '../../config/checks/check-shape.ts'
import { Findings } from '../../config/checks/findings.ts'
import { readConfigText } from '../../config/documents/read-config-text.ts'
import { type ConfigDocument, parseYamlDocument } from '../../config/documents/yaml-document.ts'
import { MARKING_SCHEMA } from '../../config/documents/yaml-schema.ts'
import { compareWithExpected } from '../../config-test/compare.ts'
import { explainDifference } from '../../config-test/explain-difference.ts'
import { loadParts } from '../../config-test/parts.ts'
import { type Actual, runTest } from '../../config-test/run-test.ts'
import { type TestCase, testFileSchema } from '../../config-test/test-schema.ts'
import { ConfigError, formatFinding, messageOf } from '../../domain/errors.ts'
import type { StreamExplanation } from '../../formats/stream-explanation.ts'
import type { LogLevel } from '../../runtime/log/log-level.ts'
import { createLogger, type Logger } from '../../runtime/logger.ts'
import { stringifyJson } from '../../text/json.ts'
import { createCommand, print, printNote } from '../program.ts'

type Options = { json?: true; logLevel?: LogLevel }

type Outcome = {
  readonly name: string
  readonly ok: boolean
  readonly differences: readonly string[]
  readonly error: string | null
  readonly actual: Actual | null
}

/** An outcome with the explanations of its streams, for people. */
type ExplainedOutcome = Outcome & { readonly explanations: readonly StreamExplanation[] }

/** Creates `stv3 test`, which runs unit tests for configuration. */
export function testCommand(): Command {
  return createCommand('test', 'run unit tests for a configuration', 'stv3 test config/tests/*.yaml')
    .argument('<file...>', 'test files; config/tests has examples')
    .option('--json', 'one JSON object a line, for each test')
    .action(test)
}

async function test(files: readonly string[], { json, logLevel }: Options): Promise<void> {
  const logger = createLogger(logLevel ?? 'silent')
  let passed = 0
  let failed = 0
  for (const file of files) {
    const { document, tests } = await readTestFile(file)
    for (const [index, one] of tests.entries()) {
      const outcome = await runOne(document, file, index, one, logger)
      if (outcome.ok) passed++
      else failed++
      const { explanations: _, ...plain } = outcome
      await print(json ? `${stringifyJson(plain)}\n` : describe(file, outcome))
    }
  }
  if (!json) await print(`${passed} passed, ${failed} failed\n`)
  if (failed > 0) process.exitCode = 1
}

async function readTestFile(file: string): Promise<{ document: ConfigDocument; tests: readonly TestCase[] }> {
  const document = parseYamlDocument(await readConfigText(file), file, MARKING_SCHEMA)
  const findings = new Findings()
  const value = checkShape(document, document.value, testFileSchema, findings)
  if (!value) throw new ConfigError(`the test file ${file} cannot be used`, findings.list)
  for (const finding of findings.list) printNote(`${formatFinding(finding)}; it is ignored`)
  return { document, tests: value.tests }
}

async function runOne(
  document: ConfigDocument,
  file: string,
  index: number,
  { name, steps, expect }: TestCase,
  logger: Logger,
): Promise<ExplainedOutcome> {
  try {
    const parts = await loadParts({ document, file, environment: process.env }, ['tests', index])
    const { explanations, ...actual } = await runTest(steps, parts, logger)
    const differences = compareWithExpected(expect ?? {}, actual)
    return { name, ok: differences.length === 0, differences, error: null, actual, explanations }
  } catch (error) {
    return { name, ok: false, differences: [], error: messageOf(error), actual: null, explanations: [] }
  }
}

function describe(file: string, { name, ok, differences, error, explanations }: ExplainedOutcome): string {
  if (ok) return `ok      ${file}: ${name}\n`
  const reasons =
    error === null ? differences.flatMap((one) => explainDifference(one, explanations)) : [error]
  return `FAILED  ${file}: ${name}\n${reasons.map((reason) => `  ${reason}\n`).join('')}`
}
