import { cpus, totalmem } from 'node:os'

const machine: { [fact: string]: string | number } = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memory_gib: Math.round(totalmem() / 2 ** 30),
  node: process.versions.node,
}

/** Something else that figures depend on: the version of a server, a setting of it. */
export function noteFact(name: string, value: string | number): void {
  machine[name] = value
}

/** One measured figure, one line; `goal` and what else belongs to it in `details`. */
export function printFigure(
  figure: string,
  value: number,
  details: { readonly [name: string]: unknown },
): void {
  const rounded = value >= 100 ? Math.round(value) : Number(value.toPrecision(3))
  console.log(JSON.stringify({ figure, value: rounded, ...details, machine }))
}

/** How many of `count` things per second `run` does: the median of `rounds` runs, after one that does not count. */
export function ratePerSecond(count: number, rounds: number, run: () => void): number {
  run()
  const rates: number[] = []
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now()
    run()
    rates.push(count / ((performance.now() - begun) / 1000))
  }
  return median(rates)
}

/** The middle one; the upper of two. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** The value below which this share of the others lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number
}
