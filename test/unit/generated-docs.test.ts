import { expect, test } from 'vitest'
import { GENERATED_PAGES, generatePage } from '../../docs/generate/pages.ts'

test.each(GENERATED_PAGES)('docs/%s is as the code says', async (page) => {
  const { text, generated } = await generatePage(page)
  expect(text === generated, `docs/${page} is stale: run \`npm run docs\``).toBe(true)
})
