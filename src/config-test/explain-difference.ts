import { describeExplanation } from '../formats/describe-explanation.ts'
import type { StreamExplanation } from '../formats/stream-explanation.ts'

/**
 * Returns the lines to print for a difference: where a stream is in another state than expected, why it is in its
 * state follows.
 */
export function explainDifference(
  difference: string,
  explanations: readonly StreamExplanation[],
): readonly string[] {
  const index = /^streams\[(\d+)\]\.state: /.exec(difference)?.[1]
  const explanation = index === undefined ? undefined : explanations[Number(index)]
  if (!explanation) return [difference]
  const lines = describeExplanation(explanation).trimEnd().split('\n')
  return [difference, ...lines.map((line) => `  ${line}`)]
}
