import { writeFile } from 'node:fs/promises'
import { GENERATED_PAGES, generatePage } from './pages.ts'

// npm run docs: writes the parts of the pages that come from schemas, commands and the document of the API.

for (const page of GENERATED_PAGES) {
  const { file, text, generated } = await generatePage(page)
  if (text === generated) continue
  await writeFile(file, generated)
  process.stdout.write(`${page} is written anew\n`)
}
