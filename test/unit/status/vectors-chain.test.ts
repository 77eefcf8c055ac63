import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Parent, ScrapedChild, Status } from '../../../src/status/create-status.ts'
import { ManualStatusClock } from '../../support/manual-status-clock.ts'
import { moveSlowly, postModel, runningStatus, settled } from '../../support/status-tree.ts'
import { type ChainVector, modelDifferences, type StatusVectors } from '../../support/status-vectors.ts'
import { loadVectors } from '../../support/vectors.ts'

const { chain } = loadVectors<StatusVectors>('status.json')

const WHOLE_MS = 30_000

async function runPush({ links, posted_to_the_leaf: posted, looks_at_the_root: looks }: ChainVector) {
  const clock = new ManualStatusClock()
  const keys = Object.keys(posted).length
  const root = await runningStatus({ clock })
  const parents: Status[] = []
  let leaf = root
  for (const { name } of links.toReversed()) {
    parents.push(leaf.status)
    const parent: Parent = { url: leaf.url, name }
    leaf = await runningStatus({ clock, parent })
  }
  /** Whether each parent has the change, and what is sent every 30 s. */
  const isIdle = () =>
    parents.every((status) => status.index() >= keys * (1 + Math.floor(clock.now() / WHOLE_MS)))
  await moveSlowly(clock, 500)
  await postModel(leaf.url, posted)
  await settled(isIdle)
  return lookAt(root.url, clock, looks, { isIdle })
}

const SCRAPE_MS = 20_000
const STAGGERED_MS = 450

async function runScrape({ links, posted_to_the_leaf: posted, looks_at_the_root: looks }: ChainVector) {
  const clock = new ManualStatusClock()
  const keys = Object.keys(posted).length
  const scraping: { readonly status: Status; readonly begun: number }[] = []
  /** Whether each has stored what it was to read up to now, once at its start and then every 20 s. */
  const isRead = () =>
    scraping.every(({ status, begun }) => {
      const reads = 1 + Math.floor((clock.now() - begun) / SCRAPE_MS)
      return status.index() >= reads * keys
    })
  let child: ScrapedChild | undefined
  for (const name of [...links.map((link) => link.name), 'root']) {
    const { status, url } = await runningStatus({ clock, children: child ? [child] : [] })
    if (child) scraping.push({ status, begun: clock.now() })
    else await postModel(url, posted)
    await settled(isRead)
    child = { name, url }
    // Each was started some tenths of a second after the one before.
    if (name !== 'root') await moveSlowly(clock, clock.now() + STAGGERED_MS, isRead)
  }
  return lookAt(child?.url ?? '', clock, looks, { begun: clock.now(), isIdle: isRead })
}

async function lookAt(
  url: string,
  clock: ManualStatusClock,
  looks: ChainVector['looks_at_the_root'],
  { begun = 0, isIdle }: { begun?: number; isIdle: () => boolean },
) {
  const found: { text: string; model: object }[] = []
  for (const { at } of looks) {
    await moveSlowly(clock, begun + at * 1000, isIdle)
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
