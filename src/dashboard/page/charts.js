import { html, nothing, svg } from './lib/lit-html/lit-html.js'
import { living } from './parts.js'
import { clock, figure, isLocal, line, span, zoneName } from './text.js'

/** Colours of lines, of both schemes, by the style sheet. */
const COLOURS = 8

/** Returns rates per second of a count that only grows: over 20 s at least, since counts come every 10 s. */
export function rates(at, counts, overS = 20) {
  let from = 0
  return counts.map((value, index) => {
    while (from < index - 1 && at[index] - at[from + 1] >= overS) from++
    const before = counts[from]
    if (index === 0 || value === null || before === null || before === undefined || value < before)
      return null
    return (value - before) / (at[index] - at[from])
  })
}

/** Returns the last value that is one. */
export function last(values = []) {
  return values.findLast((one) => one !== null && one !== undefined)
}

/** Returns a small line without axes; the figure beside it says the same in words. */
export function sparkline(values) {
  const known = values.slice(-120)
  const top = Math.max(...known.filter((one) => one !== null), 1e-9)
  const points = known.flatMap((one, index) =>
    one === null
      ? []
      : [
          `${((index / Math.max(1, known.length - 1)) * 100).toFixed(1)},${(23 - (one / top) * 22).toFixed(1)}`,
        ],
  )
  return html`<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
    ${svg`<polyline points=${points.join(' ')} />`}</svg>`
}

/** Returns the times of ticks, with seconds where these are nearer than a minute. */
function timesOf(_, ticks) {
  const end = ticks[1] - ticks[0] < 60 ? 19 : 16
  return ticks.map((one) => clock(one).slice(11, end))
}

function colour(element, index) {
  return getComputedStyle(element)
    .getPropertyValue(`--line-${index % COLOURS}`)
    .trim()
}

/** Draws a chart on an element, and draws new data on the same one. */
function draw(element) {
  let plot
  let drawn = ''
  const watch = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry.contentRect.width)
    if (plot && width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height })
  })
  const scheme = matchMedia('(prefers-color-scheme: dark)')
  scheme.addEventListener('change', () => {
    drawn = ''
  })
  watch.observe(element)
  // At its first drawing the element is not yet in the document, and has neither a width nor colours.
  return (given) => (element.isConnected ? show(given) : requestAnimationFrame(() => show(given)))

  function show({ at, lines, unit, limits = [], form }) {
    const uPlot = globalThis.uPlot
    if (!uPlot || at.length === 0 || !element.isConnected) return
    const day = clock(at.at(-1)).slice(0, 10)
    const of = `${form} ${lines.map(({ name }) => name).join('\n')} ${day} ${isLocal()} ${scheme.matches}`
    const order = [...lines.keys()].reverse()
    const tops = form === 'stack' ? stacked(lines) : lines.map(({ values }) => values)
    const data = [at, ...order.map((index) => tops[index]), ...limits.map(({ value }) => at.map(() => value))]
    if (plot && of === drawn) return plot.setData(data)
    plot?.destroy()
    drawn = of
    const ink = getComputedStyle(element).color
    const grid = { stroke: getComputedStyle(element).getPropertyValue('--grid').trim(), width: 1 }
    const axis = {
      stroke: ink,
      grid,
      ticks: grid,
      font: '12px system-ui, sans-serif',
      labelFont: '12px system-ui, sans-serif',
    }
    plot = new uPlot(
      {
        width: Math.max(200, Math.floor(element.clientWidth)),
        height: 180,
        legend: { show: false },
        cursor: { show: false },
        tzDate: isLocal() ? undefined : (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
        scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(1, high ?? 1) * 1.05] } },
        axes: [
          { ...axis, label: `${zoneName()}, ${day}`, labelSize: 16, size: 30, space: 70, values: timesOf },
          {
            ...axis,
            size: 52,
            values: (_, ticks) => ticks.map((one) => (unit === 's' ? span(one) : figure(one))),
          },
        ],
        series: [
          {},
          // The last line lies on top of all others: its area is drawn first, and theirs over it.
          ...order.map((index) => ({
            stroke: colour(element, index),
            fill: form === 'line' ? undefined : colour(element, index),
            width: 1.5,
            spanGaps: true,
            points: { show: false },
          })),
          ...limits.map(({ kind }) => ({
            stroke: getComputedStyle(element).getPropertyValue(`--${kind}`).trim(),
            dash: [6, 4],
            width: 1,
            points: { show: false },
          })),
        ],
      },
      data,
      element,
    )
  }
}

/** Returns the sums of each line and those before it: where its area ends when all lie on each other. */
function stacked(lines) {
  let below = []
  return lines.map(({ values }) => {
    below = values.map((value, index) => (below[index] ?? 0) + (value ?? 0))
    return below
  })
}

/**
 * Returns a chart with its title and, in words, the present figure of each line. `lines` are `{ name, values }`; `limits`
 * are `{ name, value, kind }` with the kind `warn` or `bad`; `form` is `line`, `area` or `stack`, areas that lie on each other.
 */
export function chart({ title, at, lines, unit = '', limits = [], form = 'line' }) {
  const shown = lines.slice(0, COLOURS)
  return html`<figure class="chart">
    <figcaption>${title}</figcaption>
    ${
      at.length === 0
        ? html`<p class="quiet">No samples yet: the first comes within 5 s.</p>`
        : html`<div class="plot" aria-hidden="true" ${living(draw, { at, lines: shown, unit, limits, form })}></div>`
    }
    <ul class="legend">
      ${shown.map(
        (
          { name, values },
          index,
        ) => html`<li><span class="key line-${index}" aria-hidden="true"></span>${line(name, 60)}:
        <b>${unit === 's' ? span(last(values)) : figure(last(values))}${unit && unit !== 's' ? html` ${unit}` : nothing}</b></li>`,
      )}
      ${limits.map(({ name, kind }) => html`<li><span class="key limit ${kind}" aria-hidden="true"></span>${name}</li>`)}
      ${lines.length > COLOURS ? html`<li>and ${lines.length - COLOURS} more, in the JSON</li>` : nothing}
    </ul>
  </figure>`
}
