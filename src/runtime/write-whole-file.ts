import { open, rename } from 'node:fs/promises'

/** Returns where a file is written before it takes its name. */
export function partOf(file: string): string {
  return `${file}.part`
}

/** Replaces a file by a text, all of it or nothing, also when the machine stops; readable by its owner only, unless a mode is given. */
export async function writeWholeFile(file: string, text: string, mode = 0o600): Promise<void> {
  const part = partOf(file)
  const handle = await open(part, 'w', mode)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(part, file)
}
