import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { messageOf } from '../../domain/errors.ts'
import { type Inventory, readInventory } from '../../ship/central/inventory.ts'

/** Reads the inventory that a configuration names; it is empty where none is named, and not ready where it cannot be read. */
export async function readInventoryOf({
  file,
  inventory,
}: {
  readonly file: string
  readonly inventory?: string | undefined
}): Promise<Inventory> {
  if (inventory === undefined) return { isReady: true, zones: new Map(), errors: [] }
  try {
    return readInventory(JSON.parse(await readFile(resolve(dirname(file), inventory), 'utf8')))
  } catch (error) {
    return { isReady: false, zones: new Map(), errors: [messageOf(error)] }
  }
}
