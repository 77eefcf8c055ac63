import { xmlText } from '../text/xml.ts'
import type { OpenApi, OpenApiOperation, OpenApiParameter } from './openapi.ts'

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
  h2 { margin-top: 2.5rem; font: 600 1.1rem ui-monospace, monospace }
  table { border-collapse: collapse; width: 100% }
  th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-top: 1px solid #ddd }
  code { font: .9em ui-monospace, monospace }
  @media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #ddd } th, td { border-color: #444 } }
`

/** Returns the OpenAPI document as an HTML page for people, which loads nothing from elsewhere. */
export function docsPage({ info, paths }: OpenApi): string {
  const sections = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => section(method, path, one)),
  )
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${xmlText(info.title)}: the REST API</title>
<style>${STYLE}</style>
<h1>${xmlText(info.title)}: the REST API</h1>
<p>${xmlText(info.description)} As a document for programs: <a href="/openapi.json"><code>/openapi.json</code></a> (OpenAPI 3.1).
Where the server requires a token, send it in the header <code>Authorization: Bearer TOKEN</code>.</p>
${sections.join('\n')}
</html>
`
}

function section(method: string, path: string, { summary, parameters, responses }: OpenApiOperation): string {
  const told = Object.entries(responses).map(([status, { description }]) => [status, description])
  return `<h2>${method.toUpperCase()} ${xmlText(path)}</h2>
<p>${text(summary)}</p>
${parameters.length > 0 ? table(['parameter', '', 'for example'], parameters.map(rowOf)) : ''}
${table(['answer', ''], told as string[][])}`
}

function rowOf({ name, description, schema }: OpenApiParameter): string[] {
  const examples = (schema.enum ?? schema.examples ?? []) as readonly unknown[]
  return [`\`${name}\``, description, examples.map((one) => `\`${one}\``).join(' ')]
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${text(cell)}</${tag}>`).join('')}</tr>`
  return `<table>${row(heads, 'th')}${rows.map((cells) => row(cells, 'td')).join('\n')}</table>`
}

/** Escapes a text for HTML; text between backticks becomes code. */
function text(plain: string): string {
  return xmlText(plain).replace(/`([^`]+)`/g, '<code>$1</code>')
}
