import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Parent, ScrapedChild } from '../../../src/status/create-status.ts'
import { ManualStatusClock } from '../../support/manual-status-clock.ts'
import { moveSlowly, postModel, runningStatus, settled } from '../../support/status-tree.ts'
import { type ChainVector, modelDifferences, type StatusVectors } from '../../support/status-vectors.ts'
import { loadVectors } from '../../support/vectors.ts'

const { chain } = loadVectors<StatusVectors>('status.json')

/** A short real wait after each step: requests between three processes need it, and no more of it is asserted. */
const idle = async () => {
  await delay(8)
  return true
}

async function runPush({ links, posted_to_the_leaf: posted, looks_at_the_root: looks }: ChainVector) {
  const clock = new ManualStatusClock()
  let above = (await runningStatus({ clock })).url
  const root = above
  for (const { name } of links.toReversed()) {
    const parent: Parent = { url: above, name }
    above = (await runningStatus({ clock, parent })).url
  }
  await moveSlowly(clock, 500, idle)
  await postModel(above, posted)
  // What is sent at once has arrived before the clock goes on.
  await settled(async () => (await (await fetch(root)).text()) === looks[0]?.text)
  return lookAt(root, clock, looks)
}

async function runScrape({ links, posted_to_the_leaf: posted, looks_at_the_root: looks }: ChainVector) {
  const clock = new ManualStatusClock()
  let below = ''
  for (const [index, { name }] of links.entries()) {
    const last = links[index - 1]
    const children: ScrapedChild[] = last ? [{ name: last.name, url: below }] : []
    const { url } = await runningStatus({ clock, children })
    below = url
    if (index === 0) await postModel(url, posted)
    // Each was started some tenths of a second after the one before.
    await moveSlowly(clock, clock.now() + 450, idle)
    expect(name).not.toBe('')
  }
  const last = links.at(-1)?.name ?? ''
  const { url } = await runningStatus({ clock, children: [{ name: last, url: below }] })
  const begun = clock.now()
  await idle()
  return lookAt(url, clock, looks, begun)
}

async function lookAt(
  url: string,
  clock: ManualStatusClock,
  looks: ChainVector['looks_at_the_root'],
  begun = 0,
) {
  const found: { text: string; model: object }[] = []
  for (const { at } of looks) {
    await moveSlowly(clock, begun + at * 1000, idle)
    for (let round = 0; round < 100; round++) {
      const text = await (await fetch(url)).text()
      if (text === looks[found.length]?.text) break
      await delay(10)
    }
    const text = await (await fetch(url)).text()
    found.push({ text, model: (await (await fetch(`${url}/?type=json`)).json()) as object })
  }
  return found
}

test('chain-push', async () => {
  const vector = chain.find(({ id }) => id === 'chain-push') as ChainVector
  const found = await runPush(vector)
  expect(found.map(({ text }) => text)).toEqual(vector.looks_at_the_root.map(({ text }) => text))
  for (const [index, { model }] of found.entries())
    expect(modelDifferences(model as never, vector.looks_at_the_root[index]?.model ?? {})).toEqual([])
})

test('chain-scrape', async () => {
  const vector = chain.find(({ id }) => id === 'chain-scrape') as ChainVector
  const found = await runScrape(vector)
  expect(found.map(({ text }) => text)).toEqual(vector.looks_at_the_root.map(({ text }) => text))
  for (const [index, { model }] of found.entries()) {
    const wanted = vector.looks_at_the_root[index]?.model ?? {}
    for (const [key, status] of Object.entries(model as typeof wanted)) {
      // Which seconds are cut depends on the moments of three starts.
      expect(Math.abs(status.ttl - (wanted[key]?.ttl ?? 0)), key).toBeLessThanOrEqual(2)
      expect(Math.abs(status.age - (wanted[key]?.age ?? 0)), key).toBeLessThanOrEqual(0.6)
    }
  }
})
