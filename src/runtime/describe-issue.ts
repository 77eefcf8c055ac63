/** Describes an issue of a schema as the rest of a sentence after the name of the value: `is required`. */
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
