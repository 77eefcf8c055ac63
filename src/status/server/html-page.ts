import { type Branch, branchesOf, isStale, leafOf, shownAge } from '../tree/branches.ts'
import type { RefusalReason, Status } from '../tree/entry.ts'

/** Time after which a browser loads the page again, seconds. */
const REFRESH_S = 5

const STYLE = `body{font:14px/1.5 system-ui,sans-serif;margin:2em;color:#222;background:#fff}
ul{list-style:none;padding-left:1.4em;border-left:1px solid #ddd;margin:0 0 .3em}
body>ul{border:0;padding:0}li{white-space:pre-wrap;overflow-wrap:anywhere}
b{font-weight:600}i{color:#777;font-style:normal;margin-left:.8em}.stale{color:#a40}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#161616}ul{border-color:#444}i{color:#999}.stale{color:#fa5}}`

/** Returns a page for browsers: the tree with ages, which the browser loads again every 5 s. It holds no script. */
export function htmlPage(statuses: readonly Status[], refusals: ReadonlyMap<RefusalReason, number>): string {
  const refused = [...refusals].map(([reason, count]) => `${count} ${reason}`).join(', ')
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="${REFRESH_S}"><title>Status</title>
<style>${STYLE}</style></head><body>
${statuses.length === 0 ? '<p>Nothing has been reported.</p>' : branchHtml(branchesOf(statuses))}
${refused === '' ? '' : `<p>Refused: ${refused}</p>`}
</body></html>
`
}

function branchHtml({ statuses, children }: Branch): string {
  const own = statuses.map(
    (one) =>
      `<li${isStale(one) ? ' class="stale"' : ''}><b>${html(leafOf(one.key))}</b>: ${html(one.value)}` +
      `<i>${shownAge(one.since ?? one.age)}</i></li>`,
  )
  const below = children.map((child) => `<li><b>${html(child.name)}/</b>\n${branchHtml(child)}</li>`)
  return `<ul>\n${[...own, ...below].join('\n')}\n</ul>`
}

const ENTITIES: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

function html(text: string): string {
  return text.replace(/[&<>"]/g, (one) => ENTITIES[one] as string)
}
