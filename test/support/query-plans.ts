import { CompiledQuery, type KyselyPlugin, type RootOperationNode } from 'kysely'
import type { OpenDatabase } from '../../src/store/dialect.ts'

/** One step of the plan of a query. */
export type PlanStep = {
  readonly table: string
  /** how the table is read, and by which index, in the words of the database */
  readonly how: string
  /** most rows that the query asks for, in the order of ids; undefined where it asks for all */
  readonly limit: number | undefined
}

/**
 * Records the queries of a database. `steps` runs `work` and returns the plans of all that it has read, as the
 * database explains them.
 */
export class QueryPlans {
  readonly database: OpenDatabase
  readonly #plain: OpenDatabase
  readonly #nodes: RootOperationNode[] = []

  constructor(plain: OpenDatabase) {
    const plugin: KyselyPlugin = {
      transformQuery: ({ node }) => {
        this.#nodes.push(node)
        return node
      },
      transformResult: async ({ result }) => result,
    }
    this.#plain = plain
    this.database = { ...plain, db: plain.db.withPlugin(plugin) }
  }

  async steps(work: () => Promise<unknown>): Promise<PlanStep[]> {
    this.#nodes.length = 0
    await work()
    const found: PlanStep[] = []
    for (const node of [...this.#nodes]) found.push(...(await this.#explain(node)))
    return found
  }

  async #explain(node: RootOperationNode): Promise<PlanStep[]> {
    const { db, dialect } = this.#plain
    const { sql, parameters } = db.getExecutor().compileQuery(node, { queryId: 'plan' })
    if (!/^\s*(select|with)/i.test(sql)) return []
    const word = dialect.hasOneConnection ? 'explain query plan' : 'explain'
    const { rows } = await db.executeQuery<{ [column: string]: unknown }>(
      CompiledQuery.raw(`${word} ${sql}`, [...parameters]),
    )
    return rows.map((row) => ({
      ...(dialect.hasOneConnection ? sqliteStep(row) : mysqlStep(row)),
      limit: limitOf(sql, parameters),
    }))
  }
}

/** Returns the limit of a query in the order of ids, its last parameter. */
function limitOf(sql: string, parameters: readonly unknown[]): number | undefined {
  if (!/order by ["`]?(event["`]?\.["`]?|stream["`]?\.["`]?)?id["`]? (asc|desc) limit \?$/.test(sql))
    return undefined
  return Number(parameters.at(-1))
}

type Shown = Pick<PlanStep, 'table' | 'how'>

function sqliteStep({ detail }: { readonly [column: string]: unknown }): Shown {
  const text = String(detail)
  return { table: /^(?:SCAN|SEARCH) (\w+)/.exec(text)?.[1] ?? '', how: text }
}

function mysqlStep({ table, type, key, Extra }: { readonly [column: string]: unknown }): Shown {
  return { table: String(table ?? ''), how: `${type} by ${key}${Extra ? `; ${Extra}` : ''}` }
}
