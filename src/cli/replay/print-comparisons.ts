import type { Comparison, Uncompared } from '../../replay/compare/compare-stores.ts'
import { comparisonLine, describeComparison } from '../../replay/compare/comparison-line.ts'
import { stringifyJson } from '../../text/json.ts'
import { print, printNote } from '../program.ts'
import { grouped } from '../terminal/grouped.ts'

/** Prints the streams that differ, and a summary. Sets the exit code to 1 when some do. */
export async function printComparisons(
  comparisons: AsyncIterable<Comparison | Uncompared>,
  { json }: { readonly json?: true },
): Promise<void> {
  let [same, different, partial] = [0, 0, 0]
  for await (const one of comparisons) {
    if (one.kind === 'partial') partial++
    else if (one.differences.length === 0) same++
    else {
      different++
      await print(json ? `${stringifyJson(comparisonLine(one))}\n` : describeComparison(one))
    }
  }
  const counts = [
    `${keys(different)} ${different === 1 ? 'differs' : 'differ'}`,
    `${keys(same)} ${same === 1 ? 'is' : 'are'} the same`,
    ...(partial > 0 ? [`${keys(partial)} with events before or after what was replayed not compared`] : []),
  ]
  if (json) printNote(counts.join(', '))
  else await print(`${counts.join(', ')}\n`)
  if (different > 0) process.exitCode = 1
}

function keys(count: number): string {
  return `${grouped(count)} ${count === 1 ? 'key' : 'keys'}`
}
