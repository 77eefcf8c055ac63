/**
 * Takes user and password out of `http://user:password@host`: fetch takes them in a header only. `decode` undoes the
 * percent-encoding of each.
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
