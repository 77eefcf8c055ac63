/**
 * Splits `http://user:password@host` into the bare URL and a Basic authorization header: fetch refuses a URL
 * with credentials. `decode` undoes the percent-encoding of user and password.
 */
export function splitCredentials(
  url: string,
  decode: (part: string) => string = decodeURIComponent,
): { readonly bare: URL; readonly authorization: string | undefined } {
  const bare = new URL(url)
  const { username, password } = bare
  bare.username = ''
  bare.password = ''
  if (username === '' && password === '') return { bare, authorization: undefined }
  const text = `${decode(username)}:${decode(password)}`
  return { bare, authorization: `Basic ${Buffer.from(text).toString('base64')}` }
}
