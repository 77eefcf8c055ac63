// Where the things of a story are drawn: pure, so that it can be tested without a browser.

/** Least width of a picture; it may be scrolled. */
const LEAST_WIDTH = 960
const [LEFT, RIGHT] = [16, 24]
/** Width of a squeezed gap, and of a character of a label. */
const [GAP, CHARACTER] = [44, 6.6]
const ROW = 24
const LANE_HEAD = 20
/** Dots nearer than this are one, px. */
const NEAR = 9
const STEP = /^(.*)\.(start|end|error)$/
/** What pipelines make of a stream. */
const RESULT = /\.(?:verified|failed|warnings|unbilled)$/
/** A pause of this share of the whole, and of a minute at least, is squeezed. */
const [SHARE, LEAST_MS] = [1 / 50, 60_000]

const at = (iso) => Date.parse(`${iso}Z`)

/**
 * Returns what is to be drawn of a story's entries: `{ width, height, lanes, bars, dots, gaps, ticks }`. Bars are
 * operations, from their start to their end or error, folded updates, and streams; failures are dots of their own.
 */
export function layOut(entries, wanted = LEAST_WIDTH) {
  const { operations, events, folded, streams, results } = sorted(entries)
  const times = [
    ...operations.flatMap(({ from, to }) => [from, to]),
    ...events.map(({ time }) => time),
    ...results.map(({ time }) => time),
    ...folded.flatMap(({ from, to }) => [from, to]),
    ...streams.flatMap(({ from, to }) => [from, to]),
  ]
  const scale = scaleOf(times, Math.max(LEAST_WIDTH, wanted))
  const lanes = []
  const bars = []
  const dots = []
  let y = 24
  const lane = (name, put) => {
    const rows = put(y + LANE_HEAD)
    if (rows === 0) return
    const height = LANE_HEAD + rows * ROW
    lanes.push({ name, y, height })
    y += height + 4
  }
  const placed = (items, top, kind) => {
    const ends = []
    for (const item of items) {
      const x = scale.x(item.from)
      const width = Math.max(3, scale.x(item.to) - x)
      const end = x + Math.max(width, item.label.length * CHARACTER) + 6
      let row = ends.findIndex((one) => one <= x)
      if (row < 0) row = ends.length
      ends[row] = end
      // A label that would be cut at the right stands before the end.
      const isLate = x + item.label.length * CHARACTER > scale.width - 4
      bars.push({ ...item, kind, x, width, y: top + row * ROW, isLate })
    }
    return ends.length
  }
  const dotted = (items, top) => {
    const groups = []
    for (const item of items) {
      const x = scale.x(item.time)
      const group = groups.findLast(({ isFailure }) => !isFailure)
      if (group && !item.isFailure && x - group.x < NEAR) group.items.push(item)
      else groups.push({ x, y: top + ROW / 2, isFailure: item.isFailure, items: [item] })
    }
    dots.push(...groups)
    // Failures have a row of their own, where nothing hides them.
    const failures = groups.filter(({ isFailure }) => isFailure)
    const others = groups.length > failures.length ? 1 : 0
    for (const one of failures) one.y += others * ROW
    return others + (failures.length > 0 ? 1 : 0)
  }
  lane('Operations', (top) => placed(operations, top, 'operation'))
  lane('Events', (top) => dotted(events, top))
  lane('Updates', (top) => placed(folded, top, 'folded'))
  lane('Streams', (top) => placed(streams, top, 'stream'))
  lane('Results', (top) => dotted(results, top))
  return { width: scale.width, height: y, lanes, bars, dots, gaps: scale.gaps, ticks: scale.ticks }
}

function sorted(entries) {
  const operations = []
  const events = []
  const folded = []
  const streams = new Map()
  const results = []
  const open = new Map()
  const latest = Math.max(...entries.map((one) => at(one.until ?? one.at)))
  for (const entry of entries) {
    if (entry.kind === 'folded') {
      folded.push({ from: at(entry.at), to: at(entry.until), label: `${entry.count} ×`, entry })
    } else if (entry.kind === 'stream') {
      const known = streams.get(entry.stream)
      if (known) Object.assign(known, { to: at(entry.at), end: entry })
      else
        streams.set(entry.stream, {
          from: at(entry.at),
          to: latest,
          entry,
          label: `${entry.name} ${entry.stream}`,
        })
    } else step(entry)
  }
  // Of those without an end it is not known when they came to one.
  for (const starts of open.values())
    for (const { entry, name } of starts)
      operations.push({ from: at(entry.at), to: latest, label: `${name} …`, outcome: 'unfinished', entry })
  operations.sort((a, b) => a.from - b.from)
  return {
    operations,
    events,
    folded,
    streams: [...streams.values()].map((one) => ({
      ...one,
      from: Math.min(one.from, one.to),
      outcome: /error/.test(one.entry.state) ? 'failed' : 'done',
    })),
    results,
  }

  function step(entry) {
    const [, name, which] = STEP.exec(entry.event_type) ?? []
    const dot = { time: at(entry.at), isFailure: entry.is_failure, entry }
    if (RESULT.test(entry.event_type)) return results.push(dot)
    if (!which) return events.push(dot)
    const starts = open.get(name) ?? []
    if (which === 'start') return open.set(name, [...starts, { entry, name: shortOf(name) }])
    const index = starts.findIndex(
      ({ entry: { request_id: of } }) => !of || !entry.request_id || of === entry.request_id,
    )
    const start = starts[index]
    if (!start) return events.push(dot)
    starts.splice(index, 1)
    const outcome = which === 'error' || entry.is_failure ? 'failed' : 'done'
    operations.push({
      from: at(start.entry.at),
      to: at(entry.at),
      label: start.name,
      outcome,
      entry: start.entry,
      end: entry,
    })
    // A failure is never folded into something else.
    if (outcome === 'failed') events.push(dot)
  }
}

/** `compute.instance.create` is told as `create`. */
function shortOf(name) {
  return name.replace(/^(?:compute\.)?instance\./, '')
}

/** Returns a scale in which nothing long is empty, with the gaps that were squeezed. */
function scaleOf(given, least) {
  const times = [...new Set(given)].sort((a, b) => a - b)
  const whole = (times.at(-1) ?? 0) - (times[0] ?? 0)
  const most = Math.max(LEAST_MS, whole * SHARE)
  const isGap = (index) => times[index] - times[index - 1] > most
  let active = 0
  let number = 0
  for (let index = 1; index < times.length; index++) {
    if (isGap(index)) number++
    else active += times[index] - times[index - 1]
  }
  const width = Math.max(least, LEFT + RIGHT + number * (GAP + 40))
  const perMs = active === 0 ? 0 : (width - LEFT - RIGHT - number * GAP) / active
  const places = new Map()
  const gaps = []
  const ticks = []
  let x = LEFT
  for (const [index, time] of times.entries()) {
    if (index > 0) {
      const passed = time - times[index - 1]
      if (isGap(index)) {
        gaps.push({ x: x + GAP / 2, seconds: passed / 1000 })
        x += GAP
      } else x += passed * perMs
    }
    if (index === 0 || isGap(index)) {
      const before = ticks.at(-1)
      // Ticks that would overlap are left out.
      if (!before || x - before.x > 120) ticks.push({ x, seconds: time / 1000 })
    }
    places.set(time, x)
  }
  return { width, gaps, ticks, x: (time) => places.get(time) ?? LEFT }
}
