import type { Command } from 'commander'
import { InvalidError } from '../../domain/errors.ts'
import { compileMatcher } from '../../heka/matcher/compile-matcher.ts'
import type { Matcher } from '../../heka/matcher/matcher.ts'
import { MatcherError } from '../../heka/matcher/matcher-error.ts'
import { encodeMessage } from '../../heka/wire/encode-message.ts'
import type { HekaMessage } from '../../heka/wire/message.ts'
import { MessageView } from '../../heka/wire/message-view.ts'
import { scanMessage } from '../../heka/wire/scan-message.ts'
import { messageOfLine, parseJsonLine } from '../heka/parse-line.ts'
import { createCommand, print, printData, UsageError } from '../program.ts'
import { type NumberedLine, readNumberedLines } from '../read-lines.ts'

type Options = { jsonl?: true; check?: true }

const NO_MESSAGE: HekaMessage = { fields: [] }
const view = new MessageView()

/** Creates `stv3 heka-match`, which tries expressions of Heka's matcher on messages. */
export function hekaMatchCommand(): Command {
  return createCommand(
    'heka-match',
    "show which messages pass an expression of Heka's matcher",
    `stv3 heka-decode log.bin | stv3 heka-match 'Severity < 4 && Hostname =~ /^web-/'
  stv3 heka-match --check 'Type ~= /x/'`,
  )
    .argument('[expression]', 'the expression, as in MATCH_SPEC of the receivers')
    .option('--check', 'say only whether the expression is valid')
    .option(
      '--jsonl',
      'evaluate lines {"expr", "message"} of standard input, to a line {"result"} or {"error"}',
    )
    .action(async (expression: string | undefined, { jsonl, check }: Options) => {
      if (jsonl && !check && expression === undefined) return evaluateLines()
      if (expression === undefined || jsonl) throw new UsageError('expected an expression, or --jsonl alone')
      const matches = compileMatcher(expression)
      if (check) await print('the expression is valid\n')
      else await filterLines(matches)
    })
}

/** Prints the lines of standard input whose messages match. */
async function filterLines(matches: Matcher): Promise<void> {
  for await (const line of readNumberedLines('-')) {
    const message = messageOfLine(parseJsonLine(line), line)
    if (isMatched(matches, message)) await printData(`${line.text}\n`)
  }
}

async function evaluateLines(): Promise<void> {
  let refused = 0
  for await (const line of readNumberedLines('-')) {
    let answer: object
    try {
      answer = evaluate(line)
    } catch (error) {
      if (!(error instanceof InvalidError)) throw error
      refused++
      answer = { error: error.message }
    }
    await printData(`${JSON.stringify(answer)}\n`)
  }
  if (refused > 0)
    throw new InvalidError('some lines are not valid requests; the errors printed for them say why')
}

function evaluate(line: NumberedLine): object {
  const request = parseJsonLine(line)
  if (
    typeof request !== 'object' ||
    request === null ||
    !('expr' in request) ||
    typeof request.expr !== 'string'
  )
    throw new InvalidError(`line ${line.number}: expected an object with an expression in expr`)
  const message = 'message' in request ? messageOfLine(request.message, line) : NO_MESSAGE
  try {
    return { result: isMatched(compileMatcher(request.expr), message) }
  } catch (error) {
    if (error instanceof MatcherError) return { error: error.message }
    throw error
  }
}

function isMatched(matches: Matcher, message: HekaMessage): boolean {
  const bytes = encodeMessage(message)
  scanMessage(bytes, 0, bytes.length, view)
  return matches(view)
}
