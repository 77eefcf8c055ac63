import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Machine } from './machine.ts'
import { must } from './run.ts'

const SHIPPED = resolve(import.meta.dirname, '../../../ansible/prometheus')
const ADDRESS = '127.0.0.1:9090'

/** A Prometheus of this computer in the network of a machine, with the shipped configuration. */
export class Prometheus {
  readonly #machine: Machine
  readonly #process: ChildProcess

  constructor(machine: Machine, folder: string) {
    this.#machine = machine
    mkdirSync(folder, { recursive: true })
    copyFileSync(join(SHIPPED, 'rules.yml'), join(folder, 'rules.yml'))
    const text = readFileSync(join(SHIPPED, 'prometheus.yml'), 'utf8')
      .replace('/etc/prometheus/file_sd', machine.pathOf('etc/prometheus/file_sd'))
      .replace('scrape_interval: 15s', 'scrape_interval: 1s')
    writeFileSync(join(folder, 'prometheus.yml'), text)
    const log = openSync(join(folder, 'prometheus.log'), 'w')
    const [command = '', ...enter] = machine.network
    const options = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${ADDRESS}`,
    ]
    this.#process = spawn(command, [...enter, 'prometheus', ...options], { stdio: ['ignore', log, log] })
  }

  /** Returns the series that a query finds; none while the server is starting. */
  query(query: string): unknown[] {
    const [command = '', ...enter] = this.#machine.network
    try {
      const printed = must(
        command,
        ...enter,
        'promtool',
        'query',
        'instant',
        '-o',
        'json',
        `http://${ADDRESS}`,
        query,
      )
      return JSON.parse(printed)
    } catch (error) {
      if (/connection refused/.test(String(error))) return []
      throw error
    }
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    await ended
  }
}
