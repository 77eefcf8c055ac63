/** Names of the fields of notifications whose values must not be shown. */
const SECRET = /(?:_context_)?(?:auth_)?token|password|authorization|admin_pass|adminPass/.source

/**
 * A field with a text value, to the quote that ends it. Inside the envelope of oslo.messaging quotes stand behind
 * backslashes; as many as before the field's name end its value.
 */
const FIELD = new RegExp(`(\\\\*)"(${SECRET})\\1"(\\s*:\\s*)\\1"(?:(?!(?<!\\\\)\\1").)*`, 'gs')

/** A text of JSON, even one that is cut off, with the values of secret fields taken out. */
export function maskSecrets(json: string): string {
  return json.replace(FIELD, '$1"$2$1"$3$1"***')
}

const SECRET_NAME = new RegExp(`^(?:${SECRET})$`)

/** Whether the value of a field or trait of this name must not be shown. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}
