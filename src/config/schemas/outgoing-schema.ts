import { z } from 'zod'

const file = z.string().min(1).optional()

/** The shape of `outgoing` in winchester.yaml: proxies and certificates of what is sent over HTTP. */
export const outgoingSchema = z
  .strictObject({
    proxy: z
      .string()
      .refine((text) => text === 'none' || (URL.canParse(text) && /^https?:/.test(text)), {
        error: 'expected http(s)://[USER:PASSWORD@]HOST[:PORT], or none',
      })
      .optional()
      .describe(
        'URL of the proxy, or `none`; as HTTP_PROXY and HTTPS_PROXY of the environment say unless given',
      ),
    no_proxy: z
      .array(z.string())
      .optional()
      .describe('hosts that are reached without it: names, `.domain`, `HOST:PORT`; NO_PROXY unless given'),
    ca: file.describe('file with certificates of authorities that are trusted too'),
    cert: file.describe('file with the certificate that is shown to others'),
    key: file.describe('file with its key, readable by its owner only'),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: 'cert and key must be given together',
  })
