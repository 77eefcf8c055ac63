import { describe, expect, test } from 'vitest'
import {
  bytesOf,
  LOG_VECTORS,
  type SessionVector,
  sha256,
  type VectorDb,
  type VectorFrame,
} from '../../support/logs/log-vectors.ts'
import { runSession, type SessionOutcome } from '../../support/logs/session-run.ts'

type Changes = {
  readonly target_after?: object
  readonly looks?: readonly object[]
  readonly db?: { readonly [label: string]: number }
  /** whether what is sent differs too, so that it is not compared */
  readonly sendsOther?: true
}

/** What ours does where a vector names a fault of thunder, or where thunder ends and ours connects anew. */
const OURS: { readonly [id: string]: Changes } = {
  's-rename-over': { looks: [{ target: { 't.log': 'old\nafter rotation by others\n' } }], sendsOther: true },
  's-symlink-restart': { target_after: { 'link.log': 'far away\n' }, sendsOther: true },
  's-hardlink': { target_after: { 'h1.log': 'shared\nby one name\nby the other\n' }, sendsOther: true },
  's-hup': { db: { 'e.log': 2 } },
  'd-beyond-end': {
    target_after: { 'a.log': 'abcdef\nthis makes it longer than twenty bytes\n' },
    sendsOther: true,
  },
  'f-answer-then-close': { sendsOther: true },
  's-restart-kill-early': { target_after: { 'r.log': 'first\nsecond\n' } },
}

/** Sessions that end with the connection in thunder: what ours sends again on the next ones is its own. */
const RECONNECTS = ['f-close', 'f-garbage']

function dbOf({ entries, members, final_newline }: VectorDb) {
  return { entries: Object.fromEntries(entries.map(({ file, Off }) => [file, Off])), members, final_newline }
}

/** Compares what was sent of each file with what was recorded: the same bytes up to the same place. */
function expectSent(recorded: readonly VectorFrame[], sent: SessionOutcome['connections'][number]): void {
  const frames = recorded.filter(({ dir }) => dir === 'c2p')
  const keys = [
    ...new Set(frames.map(({ file, inode }) => `${bytesOf(file ?? '').toString('latin1')} ${inode}`)),
  ]
  const ofKey = (key: string) =>
    sent.filter(({ file, inode }) => `${file.toString('latin1')} ${inode}` === key)
  expect([...new Set(sent.map(({ file, inode }) => `${file.toString('latin1')} ${inode}`))].sort()).toEqual(
    keys.sort(),
  )
  for (const key of keys) {
    const wanted = frames.filter(
      ({ file, inode }) => `${bytesOf(file ?? '').toString('latin1')} ${inode}` === key,
    )
    const content = Buffer.concat(ofKey(key).map((message) => message.content))
    let at = 0
    for (const { lines, lines_length = 0, lines_sha256 } of wanted) {
      const expected = lines && Buffer.concat(lines.map(bytesOf))
      const length = expected?.length ?? lines_length
      expect(sha256(content.subarray(at, at + length))).toBe(expected ? sha256(expected) : lines_sha256)
      at += length
    }
    expect(content.length).toBe(at)
    expect(`${ofKey(key).at(-1)?.offset}`).toBe(wanted.at(-1)?.offset)
  }
  for (const { lineCount } of sent) expect(lineCount).toBeLessThanOrEqual(1001)
}

/** Expects at least what was recorded: thunder saves up to a second after an answer, and ours when it does. */
function expectSaved({ entries }: VectorDb, saved: { readonly [label: string]: number }): void {
  if (entries.length === 0) expect(saved).toEqual({})
  for (const { file, Off } of entries) expect(saved[file]).toBeGreaterThanOrEqual(Off)
}

function expectSession(vector: SessionVector, outcome: SessionOutcome, asThunder: boolean): void {
  const { id } = vector
  // Between ours what is sent again is dropped; thunder's processor writes it once more.
  const changes = asThunder && id === 's-restart-kill-early' ? {} : (OURS[id] ?? {})
  const exits = vector.collector_exits.map((exit) => (typeof exit === 'number' ? 0 : exit))
  if (!RECONNECTS.includes(id) && !['s-hup', 'f-answer-then-close'].includes(id))
    expect(outcome.exits.map((exit) => (exit === 'running at the end' ? 0 : exit))).toEqual(exits)
  expect(outcome.source).toEqual(vector.source_after)
  if (vector.target_after) expect(outcome.target).toEqual(changes.target_after ?? vector.target_after)
  if (vector.offsets_db_after) {
    const wanted = dbOf(vector.offsets_db_after)
    const entries = changes.db ?? wanted.entries
    const members = Object.keys(entries).length > 0 ? ['Ino', 'Off'] : []
    expect(outcome.db).toEqual({ ...wanted, entries, members })
  }
  if (!RECONNECTS.includes(id) && !changes.sendsOther)
    vector.connections.forEach(({ frames }, index) => {
      expectSent(frames, outcome.connections[index] ?? [])
    })
  vector.looks?.forEach((look, index) => {
    const { source, target } = { ...look, ...changes.looks?.[index] }
    expect(outcome.looks[index]).toMatchObject({ source, target })
    if (!vector.differs_on_purpose)
      expectSaved(look.offsets_db, outcome.looks[index]?.offsets_db.entries ?? {})
  })
}

describe.each([
  ['with thunder on the other side', true],
  ['with ours on both sides', false],
])('a session goes as recorded, %s', (_, asThunder) => {
  const sessions = LOG_VECTORS.sessions.filter(({ processor }) => asThunder || !processor)
  const outcomes = new Map<string, PromiseSettledResult<SessionOutcome>>()

  // Most of a session is waiting: all of them run at the same time.
  test('the sessions run', async () => {
    const ends = await Promise.allSettled(sessions.map((vector) => runSession(vector, asThunder)))
    for (const [index, { id }] of sessions.entries())
      outcomes.set(id, ends[index] as PromiseSettledResult<SessionOutcome>)
  })

  test.each(sessions)('$id', (vector) => {
    const end = outcomes.get(vector.id)
    if (end?.status !== 'fulfilled') throw end?.reason
    expectSession(vector, end.value, asThunder)
  })
})
