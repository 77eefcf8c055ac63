import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Locator, Page } from 'playwright-core'

/** The pictures that docs/page.md shows are those that the tests compare with. */
const PICTURES = resolve(import.meta.dirname, '../../../docs/page')
/** How much of the points may differ: fonts and figures of another machine. */
const TOLERANCE = 0.08

/**
 * Compares what is seen of a page with its picture in docs/page, but for what is masked. Writes the picture where there is
 * none yet, or where UPDATE_PICTURES is set. Returns what differs as a sentence; undefined where it is the same.
 */
export async function pictureDiffers(page: Page, name: string, mask: Locator[]): Promise<string | undefined> {
  const file = join(PICTURES, `${name}.png`)
  const taken = await page.screenshot({ animations: 'disabled' })
  if (!existsSync(file) || process.env.UPDATE_PICTURES !== undefined) {
    mkdirSync(PICTURES, { recursive: true })
    writeFileSync(file, taken)
    return undefined
  }
  const boxes = await Promise.all(
    mask.map(async (one) => Promise.all((await one.all()).map((each) => each.boundingBox()))),
  )
  const given = {
    pictures: [readFileSync(file), taken].map((bytes) => bytes.toString('base64')),
    boxes: boxes.flat().filter((box) => box !== null),
  }
  const blank = await page.context().newPage()
  const share = Number(await blank.evaluate(`(${DIFFERENCE})(${JSON.stringify(given)})`))
  await blank.close()
  if (share <= TOLERANCE) return undefined
  writeFileSync(join('/tmp', `${name}-differs.png`), taken)
  return `${name}: ${(share * 100).toFixed(1)} % of the points differ from docs/page/${name}.png; see /tmp/${name}-differs.png`
}

/** Runs in the browser, which can read pictures: returns the share of points that differ; 1 where the sizes do. */
const DIFFERENCE = `async ({ pictures, boxes }) => {
  const read = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')
    context.drawImage(bitmap, 0, 0)
    for (const { x, y, width, height } of boxes) context.fillRect(x, y, width, height)
    return context.getImageData(0, 0, bitmap.width, bitmap.height)
  }
  const [a, b] = await Promise.all(pictures.map(read))
  if (a.width !== b.width || a.height !== b.height) return 1
  let differing = 0
  for (let at = 0; at < a.data.length; at += 4)
    if ([0, 1, 2].some((part) => Math.abs(a.data[at + part] - b.data[at + part]) > 48)) differing++
  return differing / (a.width * a.height)
}`
