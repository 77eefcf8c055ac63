import { apiDocument, apiOperations } from '../../src/api/api-operations.ts'
import type { OpenApiOperation, OpenApiParameter } from '../../src/http/openapi.ts'
import type { ActionRunner } from '../../src/repair/action-runner.ts'
import type { Store } from '../../src/store/store.ts'
import { code, paragraphs, table } from './markdown.ts'
import { membersTable, type Schema, typeOf } from './schema-table.ts'

/** Writes each path with its parameters and answers, and the shapes of answers. */
export function restReference(): { readonly [section: string]: string } {
  // Operations are described without being run.
  const store = {} as Store
  const { paths, components } = apiDocument(apiOperations({ store, runner: {} as ActionRunner }))
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ title: `${method.toUpperCase()} ${path}`, one })),
  )
  const common = commonStatuses(operations.map(({ one }) => one))
  const { schemas } = components as { readonly schemas: { readonly [name: string]: Schema } }
  return {
    operations: paragraphs(...operations.map(({ title, one }) => operationOf(title, one, common))),
    problems: table(
      ['status', 'when'],
      [...common].map(([status, when]) => [status, when]),
    ),
    shapes: paragraphs(...Object.entries(schemas).map(([name, schema]) => shapeOf(name, schema))),
  }
}

/** Returns the statuses that all operations answer with in the same words. */
function commonStatuses(operations: readonly OpenApiOperation[]): ReadonlyMap<string, string> {
  const [first, ...others] = operations
  return new Map(
    Object.entries(first?.responses ?? {}).flatMap(([status, { description }]) =>
      status !== '200' && others.every((one) => one.responses[status]?.description === description)
        ? [[status, description] as const]
        : [],
    ),
  )
}

function operationOf(
  title: string,
  { summary, parameters, responses }: OpenApiOperation,
  common: ReadonlyMap<string, string>,
): string {
  const own = Object.entries(responses).filter(([status]) => !common.has(status))
  const answers = own.map(([status, response]) => [status, answerOf(status, response)])
  return paragraphs(
    `### ${title}`,
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    parameters.length > 0
      ? table(['parameter', 'type', 'default', 'meaning', 'for example'], parameters.map(parameterRow))
      : '',
    table(['answer', ''], answers),
  )
}

function answerOf(status: string, response: { readonly description: string }): string {
  const { content = {} } = response as { content?: { [type: string]: { schema: Schema } } }
  if (status !== '200') return response.description
  const [found] = Object.entries(content)
  if (!found) return 'no body'
  const [type, { schema }] = found
  return type === 'application/json' ? typeOf(schema) : code(type)
}

function parameterRow({ name, in: place, required, description, schema }: OpenApiParameter): string[] {
  const examples = (schema.examples ?? []) as readonly unknown[]
  return [
    code(place === 'path' ? `{${name}}` : name),
    typeOf(schema as Schema),
    required ? 'required' : code(schema.default),
    description,
    examples.map(code).join(', '),
  ]
}

function shapeOf(name: string, schema: Schema): string {
  const { description } = schema
  const told = description ? `${description.charAt(0).toUpperCase()}${description.slice(1)}.` : ''
  const shape = schema.properties
    ? membersTable(schema)
    : `${typeOf(schema).charAt(0).toUpperCase()}${typeOf(schema).slice(1)}.`
  return paragraphs(`### ${name}`, told, shape)
}
