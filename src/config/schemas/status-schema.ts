import { z } from 'zod'
import {
  ANY_RANGE,
  isLoopback,
  LOOPBACK_RANGE,
  parseAddressRange,
  parseLoopbackRange,
} from '../../runtime/listen-address.ts'

/** A loopback address: metrics are not served to other machines. */
const loopback = z
  .string()
  .refine((text) => parseLoopbackRange(text) !== undefined, {
    error: 'expected HOST:PORT on a loopback address, such as 127.0.0.1:9100 or 127.0.0.1:9100-9109',
  })
  .meta({ pattern: LOOPBACK_RANGE.source })

/** Any address: the status tree may be served to other machines. */
const anywhere = z
  .string()
  .refine((text) => parseAddressRange(text) !== undefined, {
    error: 'expected HOST:PORT, such as 0.0.0.0:9110 or 0.0.0.0:9110-9119',
  })
  .meta({ pattern: ANY_RANGE.source })

const token = z.string().min(1)
const KEY_PART = '\\w[\\w.]*\\w'

/** Whether only those whom the settings name reach the status tree. */
function isGuarded(status: {
  readonly listen?: string | undefined
  readonly insecure?: boolean | undefined
  readonly tokens?: object | undefined
}): boolean {
  const { listen, insecure = false, tokens } = status
  if (listen === undefined || insecure || tokens !== undefined) return true
  const range = parseAddressRange(listen)
  return range === undefined || isLoopback(range.host)
}

/** The shape of `status` in winchester.yaml: where a daemon serves what it does, and to whom it reports it. */
export const statusSchema = z.union(
  [
    loopback,
    z
      .strictObject({
        consumer: loopback.describe('where consumers serve metrics, health and status tree'),
        worker: loopback.describe('where workers do'),
        api: loopback.describe('where API servers do'),
        listen: anywhere.describe(
          'where the status tree alone is served as well, to other machines too; those need tokens, or insecure',
        ),
        insecure: z
          .boolean()
          .describe(
            'true: without tokens everybody who reaches listen may read the status tree and report to it',
          ),
        parent: z
          .string()
          .regex(/^https?:\/\//i, { error: 'expected an address with http:// or https://' })
          .describe(
            'address of the status relay, or of another parent, to which daemons report their status; HERMES_PARENT_URL of the environment goes before it',
          ),
        parent_token: token.describe('token that is sent to the parent, from the environment: `${NAME}`'),
        name: z
          .string()
          .regex(new RegExp(`^${KEY_PART}(?:/${KEY_PART})*$`), {
            error: 'expected letters, digits, _ and . with / between parts of two characters at least',
          })
          .describe(
            'name of this machine there; consumers report as `NAME/consumer`, and so on. HERMES_MYNAME of the environment goes before it, and is the whole name; the name of the host unless given',
          ),
        tokens: z
          .strictObject({
            read: z.array(token).describe('tokens that may read the status tree of a daemon'),
            write: z.array(token).describe('tokens that may send it any key'),
            children: z
              .record(z.string(), token)
              .describe('name of a child: token that may send its keys, which begin with the name'),
          })
          .partial()
          .describe(
            'who may read the status tree and report to it; without any every account of this machine',
          ),
      })
      .partial()
      .refine(isGuarded, {
        error: 'everybody could read and report there: give tokens, or insecure: true',
        path: ['listen'],
      }),
  ],
  {
    error:
      'expected HOST:PORT on a loopback address, or a mapping with consumer, worker, api, listen, insecure, parent, parent_token, name and tokens',
  },
)
