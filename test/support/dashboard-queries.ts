import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const FILE = resolve(import.meta.dirname, '../../ansible/grafana/stacktach.json')

type Dashboard = {
  readonly panels: readonly {
    readonly title: string
    readonly targets: readonly { readonly expr: string }[]
  }[]
}

/** A query of the dashboard, with values for what Grafana fills in. */
export type DashboardQuery = { readonly title: string; readonly query: string }

/** Returns all queries of the dashboard. */
export function dashboardQueries(): DashboardQuery[] {
  const { panels }: Dashboard = JSON.parse(readFileSync(FILE, 'utf8'))
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({
      title,
      query: expr.replaceAll('$__rate_interval', '1m').replaceAll('$region', '.*'),
    })),
  )
}
