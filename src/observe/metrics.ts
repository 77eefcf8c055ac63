import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { snakeCase } from '../text/letter-case.ts'

export type Labels = { readonly [label: string]: string | number }
export type Sample = { readonly labels: Labels; readonly value: number }

/** Buckets of durations in seconds, from fast to far too slow. */
const SECONDS = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60]
const SIZES = [1, 5, 20, 50, 100, 200, 500, 1000]

/**
 * The metrics of a process in the format of Prometheus. Numbers that the process counts anyway are read at
 * each scrape. Every name begins with `stacktach_`.
 *
 * @example
 * const metrics = new Metrics()
 * metrics.gauge('open_streams', 'streams that take events', [], () => [{ labels: {}, value: 3 }])
 */
export class Metrics {
  readonly #registry = new Registry()

  constructor() {
    collectDefaultMetrics({ register: this.#registry })
  }

  /**
   * Adds a counter for each name of `help`, which describes it; `read` returns the numbers by the same names.
   */
  counters(
    prefix: string,
    help: { readonly [name: string]: string },
    read: () => { readonly [name: string]: unknown },
  ): void {
    for (const [name, text] of Object.entries(help)) {
      const full = `${prefix}_${snakeCase(name)}`
      this.counter(full, text, [], () => [{ labels: {}, value: Number(read()[name] ?? 0) }])
    }
  }

  /** Adds the counter `stacktach_NAME_total`, whose samples are read at each scrape. */
  counter(name: string, help: string, labels: readonly string[], read: () => readonly Sample[]): void {
    new Counter({
      name: `stacktach_${name}_total`,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const sample of read()) this.inc(sample.labels, sample.value)
      },
    })
  }

  /** Adds the gauge `stacktach_NAME`, whose samples are read at each scrape. */
  gauge(
    name: string,
    help: string,
    labels: readonly string[],
    read: () => readonly Sample[] | Promise<readonly Sample[]>,
  ): void {
    new Gauge({
      name: `stacktach_${name}`,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
      async collect() {
        const samples = await read()
        // A reset would set a gauge without labels to 0.
        if (labels.length === 0) this.remove()
        else this.reset()
        for (const sample of samples) this.set(sample.labels, sample.value)
      },
    })
  }

  /**
   * Adds the histogram `stacktach_NAME` and returns the function that records a value: seconds, or a size.
   */
  histogram(
    name: string,
    help: string,
    labels: readonly string[] = [],
    unit: 'seconds' | 'messages' = 'seconds',
  ): (value: number, labels?: Labels) => void {
    const histogram = new Histogram({
      name: `stacktach_${name}`,
      help,
      labelNames: [...labels],
      buckets: unit === 'seconds' ? SECONDS : SIZES,
      registers: [this.#registry],
    })
    return (value, given = {}) => histogram.observe(given, value)
  }

  /** Returns all metrics as text. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  get contentType(): string {
    return this.#registry.contentType
  }
}
