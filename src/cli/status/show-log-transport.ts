import type { Status } from '../../status/tree/entry.ts'
import { print } from '../program.ts'
import { formatTable } from '../terminal/table.ts'
import { addressUrl, statusesAt } from './show-status-tree.ts'

const ROLES = ['logs_collector', 'logs_processor'] as const
/** Keys of each of them that are columns, without the role. */
const COLUMNS: { readonly [role: string]: readonly string[] } = {
  logs_collector: [
    'state',
    'target',
    'files',
    'lag_bytes',
    'lag_s',
    'unanswered',
    'rotations',
    'reconnects',
    'refusals',
  ],
  logs_processor: ['state', 'connections', 'messages', 'received_bytes', 'duplicates', 'refusals'],
}

/** Values of one program by their keys, without its role, and where in the tree it stands. */
type Program = { readonly where: string; readonly role: string; readonly values: Map<string, string> }

/**
 * Prints a table of the collectors of a status tree and one of its processors, and below them what hinders them and which files wait
 * longest. Rejects with StackTachError where nothing can be read.
 */
export async function showLogTransport(
  address: string,
  { json, token }: { readonly json: boolean; readonly token: string | undefined },
): Promise<void> {
  const programs = programsOf(await statusesAt(addressUrl(address), token))
  if (json)
    for (const { where, role, values } of programs)
      await print(`${JSON.stringify({ where, role, ...Object.fromEntries(values) })}\n`)
  else for (const role of ROLES) await print(tableOf(role, programs))
}

function programsOf(statuses: readonly Status[]): Program[] {
  const programs = new Map<string, Program>()
  for (const { key, value } of statuses) {
    const [, where = '', role, name = ''] = /^(.*\/)?(logs_\w+?)\.([^/]+)$/.exec(key) ?? []
    if (role === undefined) continue
    const program = programs.get(`${where} ${role}`) ?? { where, role, values: new Map() }
    programs.set(`${where} ${role}`, program)
    program.values.set(name, value)
  }
  return [...programs.values()].sort((a, b) => a.where.localeCompare(b.where))
}

function tableOf(role: string, all: readonly Program[]): string {
  const programs = all.filter((program) => program.role === role)
  if (programs.length === 0) return ''
  const columns = COLUMNS[role] ?? []
  const rows = programs.map(({ where, values }) => [
    where.replace(/\/$/, '') || '-',
    ...columns.map((column) => values.get(column) ?? ''),
  ])
  return `${formatTable([role, ...columns], rows)}\n${programs.flatMap(notesOf).join('')}`
}

function notesOf({ where, values }: Program): string[] {
  const place = where === '' ? '' : `${where} `
  const behind = [...values].filter(([name]) => name.startsWith('behind_')).sort()
  const hindrance = values.get('hindrance')
  return [
    ...(hindrance === undefined ? [] : [`${place}${hindrance}\n`]),
    ...behind.map(([, text]) => `${place}waits: ${text}\n`),
  ]
}
