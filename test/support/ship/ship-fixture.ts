import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { workOf } from '../../../src/assembly/ship/work-of.ts'
import { loadShip, type ShipConfig } from '../../../src/config/load/load-ship.ts'
import { openDirectoryTarget } from '../../../src/objects/directory/directory-target.ts'
import { silentLogger } from '../../../src/runtime/logger.ts'
import { type AgentWork, recoverFiles, ShipAgent } from '../../../src/ship/agent/agent.ts'
import type { Outcome } from '../../../src/ship/agent/file-job.ts'
import { type OutcomeForm, outcomeForm } from '../../../src/ship/agent/outcome-form.ts'
import { Journal } from '../../../src/ship/journal.ts'
import { writeFile } from '../folders.ts'
import { countedJournal } from './crash-points.ts'

/** A log set of all logs in /srv, without a retention. */
export const APP_LOGS = {
  name: 'app',
  search_dirs: ['/srv'],
  regex: '^/srv/(.+)\\.log$',
  manta_path: '/app/$1',
  zones: ['global'],
}

/** A host with files below a folder, and a store beside them. Times are seconds since the epoch. */
export class ShipFixture {
  readonly root: string
  readonly store: string
  readonly file: string
  readonly #folder: string

  constructor(folder: string, logSets: readonly object[], more: object = {}) {
    this.#folder = folder
    this.root = join(folder, 'root')
    this.store = join(folder, 'store')
    mkdirSync(this.root)
    mkdirSync(this.store)
    this.file = writeFile(folder, 'ship.json', {
      root: this.root,
      targets: { store: { kind: 'file', folder: this.store } },
      log_sets: logSets,
      ...more,
    })
  }

  write(path: string, content: string | Buffer, mtime: number): void {
    const full = this.path(path)
    mkdirSync(dirname(full), { recursive: true })
    writeFileSync(full, content)
    utimesSync(full, mtime, mtime)
  }

  path(path: string): string {
    return join(this.root, path)
  }

  /** Returns the content of a file of the host; undefined when it is missing. */
  local(path: string): string | undefined {
    return contentOf(this.path(path))
  }

  /** Returns the content of an object; undefined when there is none. */
  object(key: string): string | undefined {
    return contentOf(join(this.store, key))
  }

  /** Returns the contents of the files that are aside in a folder of the host. */
  aside(folder: string): string[] {
    const path = join(this.root, folder, '.stv3-ship')
    return existsSync(path) ? readdirSync(path).map((name) => readFileSync(join(path, name), 'utf8')) : []
  }

  async config(): Promise<ShipConfig> {
    const { config, findings } = await loadShip(this.file)
    if (!config) throw new Error(JSON.stringify(findings))
    return config
  }

  /** Starts an agent, runs a pass at a time, and ends it. Resolves to the outcomes. */
  async pass(now: number, parallel = 1, more: Partial<AgentWork> = {}): Promise<readonly OutcomeForm[]> {
    const config = await this.config()
    const journal = Journal.open(join(this.#folder, 'ship.db'))
    const target = await openDirectoryTarget(this.store)
    const told: Outcome[] = []
    try {
      const counted = countedJournal(journal)
      await recoverFiles(counted, silentLogger)
      await new ShipAgent({
        ...(await workOf(config, { store: target })),
        ...more,
        journal: counted,
        parallel,
        logger: silentLogger,
        clock: () => now * 1000,
        tell: (outcome) => void told.push(outcome),
      }).pass()
    } finally {
      await target.close()
      journal.close()
    }
    return told.map(outcomeForm)
  }
}

function contentOf(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, 'latin1') : undefined
}
