/**
 * Samples of the last seconds, by name, the newest last: read from where those that are there end. `read` gets `step` and `after`
 * and resolves to times and columns as the API has them. Reads at the same time are one, so that each sample is there once.
 */
export function createSeries({ step, spanS }, read) {
  let at = []
  let figures = {}
  let reading

  /** Puts new samples behind those that are there, and drops those that are too old. */
  function append({ at: more, figures: columns }) {
    if (more.length === 0) return
    const oldest = more.at(-1) - spanS
    const from = at.findIndex((one) => one >= oldest)
    const dropped = from < 0 ? at.length : from
    const names = new Set([...Object.keys(figures), ...Object.keys(columns)])
    const none = (number) => new Array(number).fill(null)
    figures = Object.fromEntries(
      [...names].map((name) => [
        name,
        [...(figures[name] ?? none(at.length)).slice(dropped), ...(columns[name] ?? none(more.length))],
      ]),
    )
    at = [...at.slice(dropped), ...more]
  }

  return {
    step,
    get at() {
      return at
    },
    get figures() {
      return figures
    },
    /** Reads the samples that have come since the last read. */
    read() {
      reading ??= read({ step, after: at.at(-1) })
        .then(append)
        .finally(() => {
          reading = undefined
        })
      return reading
    },
  }
}
