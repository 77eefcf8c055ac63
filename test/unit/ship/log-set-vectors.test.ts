import { Readable } from 'node:stream'
import { expect, onTestFinished, test, vi } from 'vitest'
import { folderWith } from '../../support/folders.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { loadVectors } from '../../support/vectors.ts'

type Vector = {
  readonly id: string
  readonly kind: string
  readonly in: { readonly [key: string]: unknown }
  readonly out: { readonly [key: string]: unknown }
  readonly fault?: string
  readonly wanted?: {
    readonly error?: string
    readonly sets?: unknown
    readonly date?: string
    readonly warning?: string
  }
}

const VECTORS = loadVectors<readonly Vector[]>('ship.json')

function of(...kinds: readonly string[]): Vector[] {
  return VECTORS.filter(({ kind }) => kinds.includes(kind))
}

/** What hermes answered, in the words of a decision; where that is a fault, what is wanted in its place. */
function expected({ kind, in: given, out, wanted }: Vector): object {
  if (wanted?.error?.startsWith('definition')) return { decision: 'definition', target: null }
  if (wanted?.error?.endsWith('no date in its name')) return { decision: 'no_date', target: null, date: null }
  if (wanted?.date !== undefined) return { decision: 'due', date: wanted.date }
  if (out.match === false) return { decision: 'no_match', target: null }
  if (kind === 'target') return { decision: 'due', target: out.target }
  if (kind === 'name_date') return { decision: 'due', date: out.date }
  const [customer] = out.looked_up as string[]
  const directory = given.directory as { readonly [uuid: string]: string }
  expect(directory[customer ?? ''] ?? null).toBe(out.login)
  return {
    decision: out.error === undefined ? 'due' : 'no_customer',
    ...(customer === undefined ? {} : { customer }),
  }
}

test('each vector about one path is decided as recorded, or as wanted', async () => {
  const vectors = of('target', 'name_date', 'customer')
  const lines = vectors.map((vector) => `${JSON.stringify(vector.in)}\n`).join('')
  const stdin = vi
    .spyOn(process, 'stdin', 'get')
    .mockReturnValue(Readable.from([Buffer.from(lines)]) as never)
  onTestFinished(() => stdin.mockRestore())
  const { code, stdout } = await runInProcess('stv3', ['ship', 'explain', '--jsonl'])
  expect(code).toBe(0)
  const decisions = stdout.trim().split('\n')
  expect(decisions).toHaveLength(vectors.length)
  for (const [index, vector] of vectors.entries()) {
    const decision = JSON.parse(decisions[index] as string)
    expect(decision, vector.id).toMatchObject(expected(vector))
    expect('customer' in decision, vector.id).toBe(
      vector.kind === 'customer' && (vector.out.looked_up as string[]).length > 0,
    )
  }
})

test.each(of('config', 'select').map((vector) => [vector.id, vector] as const))('%s', async (_, vector) => {
  const { in: given, out, wanted } = vector
  const text = given.text ?? JSON.stringify(given.logsets)
  const folder = folderWith(given.absent === true ? {} : { 'logsets.json': text as string })
  const zones = (given.zones ?? []) as { uuid: string; role: string }[]
  const { code, stdout, stderr } = await runInProcess('stv3', [
    ...['ship', 'check', '-c', `${folder}/logsets.json`, '--sets', '--json'],
    ...zones.flatMap(({ uuid, role }) => ['--zone', `${uuid}=${role}`]),
  ])
  const lines = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  const findings = lines.filter(({ severity }) => severity !== undefined)
  const sets = lines.filter(({ severity }) => severity === undefined)
  if (wanted?.error !== undefined || (wanted === undefined && out.error !== undefined)) {
    expect(code).toBe(1)
    if (given.absent !== true)
      expect(findings).toContainEqual(
        expect.objectContaining({ severity: 'error', line: expect.any(Number), column: expect.any(Number) }),
      )
    expect(stderr).toContain('logsets.json')
  } else {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(sets).toEqual(Array.isArray(wanted?.sets) ? wanted.sets : out.sets)
    expect(findings.map(({ severity }) => severity)).toEqual(wanted?.warning === undefined ? [] : ['warning'])
  }
})
