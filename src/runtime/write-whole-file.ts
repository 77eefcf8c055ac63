import { open, rename } from 'node:fs/promises'

/** Replaces a file by a text, all of it or nothing, also when the machine stops; readable by its owner only. */
export async function writeWholeFile(file: string, text: string): Promise<void> {
  const part = `${file}.part`
  const handle = await open(part, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(part, file)
}
