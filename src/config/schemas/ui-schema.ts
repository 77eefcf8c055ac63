import { z } from 'zod'

/** The shape of `ui` in winchester.yaml: whether the API serves a page for people, and its saved filters. */
export const uiSchema = z
  .union(
    [
      z.boolean(),
      z.strictObject({
        enabled: z.boolean().default(true).describe('whether the page is served'),
        filters: z
          .record(
            z.string(),
            z
              .string()
              .regex(/^\/(?![/\\])/, { error: 'expected a path of the page, such as /streams?state=error' }),
          )
          .default({})
          .describe(
            'saved filters by name: addresses of the page as the browser shows them, from the first `/` on',
          ),
      }),
    ],
    { error: 'expected true, false, or a mapping with enabled and filters' },
  )
  .default(true)
