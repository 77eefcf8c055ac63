import { z } from 'zod'
import { httpProblem } from './http-problem-shape.ts'
import type { Operation } from './operation.ts'
import { bytesBody } from './request-body.ts'

/** An OpenAPI 3.1 document. */
export type OpenApi = {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: { readonly [path: string]: { readonly [method: string]: OpenApiOperation } }
  readonly [member: string]: unknown
}

export type OpenApiOperation = {
  readonly summary: string
  readonly parameters: readonly OpenApiParameter[]
  readonly requestBody?: OpenApiBody
  readonly responses: { readonly [status: string]: { readonly description: string } }
}

export type OpenApiContent = { readonly content: { readonly [type: string]: { readonly schema: object } } }

export type OpenApiBody = OpenApiContent & { readonly required: boolean }

export type OpenApiParameter = {
  readonly name: string
  readonly in: 'query' | 'path'
  readonly required: boolean
  readonly description: string
  readonly schema: { readonly [keyword: string]: unknown }
}

/** The failures that every operation may have, by status. */
const COMMON_HTTP_PROBLEMS = {
  400: 'a parameter cannot be used',
  401: 'no valid token',
  403: 'the token may not do this',
  413: 'the body is too large',
  414: 'the URL is too long',
  415: 'the body is compressed',
  431: 'the headers are too large',
  429: 'too many requests in a minute',
  500: 'a fault of the server',
  503: 'the database is away, or the answer takes too long',
}

export type OpenApiOptions = {
  readonly title: string
  readonly description: string
  /** types that have an id; other types refer to them by it */
  readonly components: readonly z.ZodType[]
}

/** Returns the document of operations, made from the schemas that check requests. */
export function openApiDocument(
  operations: readonly Operation[],
  { title, description, components }: OpenApiOptions,
): OpenApi {
  const paths: { [path: string]: { [method: string]: OpenApiOperation } } = {}
  for (const one of operations) {
    paths[one.path] ??= {}
    ;(paths[one.path] as { [method: string]: OpenApiOperation })[one.method] = describe(one)
  }
  return {
    openapi: '3.1.0',
    info: { title, version: '1', description },
    paths,
    components: {
      schemas: componentSchemas([...components, httpProblem]),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
    security: [{}, { bearer: [] }],
  }
}

function describe(one: Operation): OpenApiOperation {
  return {
    summary: one.summary,
    parameters: [...parametersOf(one.params, 'path'), ...parametersOf(one.query, 'query')],
    ...(one.body ? { requestBody: requestBodyOf(one.body) } : {}),
    responses: {
      200: one.answer
        ? { description: 'done', ...content(one.contentType ?? 'application/json', schemaOf(one.answer)) }
        : { description: 'done' },
      ...Object.fromEntries(
        Object.entries({ ...COMMON_HTTP_PROBLEMS, ...one.httpProblems }).map(([status, description]) => [
          status,
          { description, ...content('application/problem+json', schemaOf(httpProblem)) },
        ]),
      ),
    },
  }
}

function requestBodyOf(body: z.ZodType): OpenApiBody {
  if (body === bytesBody) return { required: false, ...content('application/octet-stream', {}) }
  return { required: true, ...content('application/json', schemaOf(body, 'input')) }
}

function content(type: string, schema: object): OpenApiContent {
  return { content: { [type]: { schema } } }
}

function parametersOf(params: z.ZodObject, place: 'query' | 'path'): OpenApiParameter[] {
  const { properties = {} } = z.toJSONSchema(params, { io: 'input' })
  return Object.entries(properties).map(([name, schema]) => {
    const { description = '', ...rest } = schema as { description?: string }
    return { name, in: place, required: place === 'path', description, schema: rest }
  })
}

const REFERENCE = '#/components/schemas/'

function componentSchemas(components: readonly z.ZodType[]): { readonly [name: string]: object } {
  const registry = z.registry<{ id: string }>()
  for (const component of components) registry.add(component, { id: String(component.meta()?.id) })
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `${REFERENCE}${id}` })
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, bare(schema)]))
}

/** Returns the schema of a type, with references to the components of the document. */
function schemaOf(type: z.ZodType, io: 'input' | 'output' = 'output'): object {
  return JSON.parse(JSON.stringify(bare(z.toJSONSchema(type, { io }))).replaceAll('#/$defs/', REFERENCE))
}

/** Returns a schema without the keywords that make it a document of its own. */
function bare({
  $schema: _,
  $id: __,
  $defs: ___,
  ...schema
}: {
  readonly [keyword: string]: unknown
}): object {
  return schema
}
