import { join } from 'node:path'
import { debianRoot } from './debian-root.ts'
import { Machine } from './machine.ts'
import { Network } from './network.ts'

/** What a machine has that somebody has just installed, and what the roles will ask for. */
const RECIPE = {
  base: ['python3', 'python3-apt', 'sudo', 'systemd', 'systemd-sysv', 'dbus', 'iproute2', 'procps'],
  packages: [],
  fetched: ['mariadb-server', 'python3-pymysql', 'rabbitmq-server', 'logrotate'],
}

/** Bare machines that are booted, with a network of their own. They know each other by name. */
export class Machines {
  readonly network: Network
  readonly all: readonly Machine[]

  private constructor(network: Network, all: readonly Machine[]) {
    this.network = network
    this.all = all
  }

  /** Boots machines, their files below a folder. `hosts`: their names, and their numbers in the network. */
  static async boot(folder: string, hosts: { readonly [name: string]: number }): Promise<Machines> {
    const root = debianRoot(RECIPE)
    const network = new Network(`stacktach-${process.pid}`)
    const all: Machine[] = []
    try {
      for (const [name, number] of Object.entries(hosts))
        all.push(await Machine.boot({ name, number, root, folder: join(folder, name), network, hosts }))
    } catch (error) {
      await new Machines(network, all).stop()
      throw error
    }
    return new Machines(network, all)
  }

  /** Returns the machine of a name. Throws where there is none. */
  machine(name: string): Machine {
    const found = this.all.find((machine) => machine.name === name)
    if (!found) throw new Error(`there is no machine ${name}`)
    return found
  }

  async stop(): Promise<void> {
    for (const machine of this.all) await machine.stop()
    this.network.remove()
  }
}
