/** What a schema says is wrong with a value, as the rest of a sentence that begins with the value's name. */
export function describeIssue({
  code,
  message,
}: {
  readonly code: string | undefined
  readonly message: string
}): string {
  if (code === 'invalid_type' && message.endsWith('received undefined')) return 'is required'
  const said = message.replace(/^Invalid input: /, '')
  return said.charAt(0).toLowerCase() + said.slice(1)
}
