import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { connectionTo } from './ansible.ts'

const INVENTORIES = resolve(import.meta.dirname, '../../../ansible/inventories')

/**
 * Copies an inventory of ansible/inventories into a folder, with passwords, for machines whose folders are below `machines`. Returns
 * its path.
 */
export function copyInventory(name: string, folder: string, machines: string): string {
  const inventory = join(folder, name)
  cpSync(join(INVENTORIES, name), inventory, { recursive: true })
  const hosts = join(inventory, 'hosts.yaml')
  writeFileSync(hosts, readFileSync(hosts, 'utf8').replaceAll(/^ *ansible_host: .*\n/gm, ''))
  const all = join(inventory, 'group_vars/all')
  const passwords = readFileSync(join(all, 'vault.example'), 'utf8').replaceAll('CHANGE-ME', password)
  writeFileSync(join(all, 'vault.yaml'), passwords, { mode: 0o600 })
  const connection = {
    ...connectionTo(join(machines, 'ansible')),
    ansible_host: `${machines}/{{ inventory_hostname }}`,
  }
  writeFileSync(join(all, 'connection.yaml'), JSON.stringify(connection))
  return inventory
}

let count = 0
/** Returns another password at each call, with what a shell, systemd, YAML or an address might take for its own. */
function password(): string {
  count += 1
  return JSON.stringify(`p4ss-${count}"$a\`s\\e@:/#'%1`)
}
