import { z } from 'zod'

type Schema = { readonly [keyword: string]: unknown }
type Content = { readonly schema: Schema }
type Response = { readonly content?: { readonly [type: string]: Content } }
type Operation = { readonly responses: { readonly [status: string]: Response } }
type Document = {
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } }
  readonly components: { readonly schemas: { readonly [name: string]: Schema } }
}

/** Returns the difference between a response and the API's document; undefined when there is none. */
export type AnswerCheck = (
  method: string,
  path: string,
  answer: { readonly status: number; readonly type: string | null; readonly text: string },
) => string | undefined

/** Creates a check of responses against the OpenAPI document that a server publishes. */
export async function openApiCheck(url: string): Promise<AnswerCheck> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document
  const types = new Map<Schema, z.ZodType>()
  const typeOf = (schema: Schema) => {
    const whole = JSON.stringify({ ...schema, $defs: document.components.schemas })
    const type =
      types.get(schema) ?? z.fromJSONSchema(JSON.parse(whole.replaceAll('#/components/schemas/', '#/$defs/')))
    types.set(schema, type)
    return type
  }
  const patterns = Object.keys(document.paths).map((path) => ({
    path,
    // StackTach accepts `count` in upper and lower case.
    pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+').replace(/count$/, '(?i:count)')}/?$`),
  }))
  return (method, path, { status, type, text }) => {
    const bare = path.split('?')[0] as string
    const found = patterns
      .filter(({ pattern }) => pattern.test(bare))
      .flatMap((one) => document.paths[one.path]?.[method.toLowerCase()] ?? [])[0]
    if (!found)
      return status === 404 || status === 405 || method === 'OPTIONS' || method === 'HEAD'
        ? undefined
        : `no operation for ${method} ${bare}`
    const response = found.responses[status]
    if (!response) return `no answer of status ${status}`
    if (!response.content) return text === '' ? undefined : 'a body that is not told of'
    const content = response.content[(type ?? '').split(';')[0] as string]
    if (!content) return `no answer of type ${type}`
    if (!/[/+]json/.test(type ?? '')) return undefined
    const result = typeOf(content.schema).safeParse(JSON.parse(text))
    return result.success ? undefined : z.prettifyError(result.error)
  }
}
