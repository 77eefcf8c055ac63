import { describe, expect, test } from 'vitest'
import { maskSecrets, maskValues } from '../../../src/text/mask-secrets.ts'
import { isSecretName } from '../../../src/text/secret-names.ts'

const SECRETS =
  `token auth_token _context_auth_token _context_token access_token X-Auth-Token password Password
  authorization Authorization admin_pass adminPass secret auth_key api-key apikey x-api-key api_key token_id
  new_pass auth_password CHAPPASSWORD sys_pswd sslkey encrypted_key private_key fernet fernetkey rootpw
  cephclientkey passphrase credentials credential AuthToken AUTHTOKEN pAsSwOrD access_key secretKey user_data
  keystone_authtoken connection_info.data.auth_password apiKeys session_cookie auth X-Subject-Token x_auth
  OS_PASSWORD userPassword accessToken pass passwd my_pass my.credential.x secret_value sshKey temp_url_sig
  keyring_pass admin_key auth_data APIKey Passwort volume_key
  instance_key key_data key_material key_pem secret_id signature X-Amz-Signature`.split(/\s+/)

const OTHERS = `instance_key_name key_name tokens_used keystone author authority bypass passed monkey keypair
  primary_key compass key keys auth_url passenger secret_uuid trust_id public_key fingerprint auth_method
  auth_username password_expires_at token_expires_at secretary keyName passengerCount routing_key max_tokens
  passing authorized authors event_type message_id signal design assign user password_file key_pair
  has_password trait_key hash_key keyboard keyword compassion tokenizer authenticated signed foreignKey
  primaryKey token_type _context_user_id _context_service_catalog config_drive bandwidth
  customer_key country_key product_key issue_key auth_result auth_success img_signature public_key_data`.split(
  /\s+/,
)

describe.each(SECRETS)('%s is the name of a secret', (name) => {
  test('of parameters, headers and traits', () => {
    expect(isSecretName(name)).toBe(true)
    expect(maskValues({ [name]: 's3cr3t', host: 'c1' })).toEqual({ [name]: '***', host: 'c1' })
  })

  test.each([
    (value: string) => `{"${name}": "${value}", "host": "c1"}`,
    (value: string) => `{'${name}': '${value}', 'host': 'c1'}`,
    (value: string) => `a request with ${name}=${value}, host=c1`,
    (value: string) => `a request with\n${name}: ${value}\nhost: c1`,
    (value: string) => `program --${name} ${value} --host c1`,
    (value: string) => `<${name}>${value}</${name}><host>c1</host>`,
    (value: string) => `[["${name}", "${value}"], ["host", "c1"]]`,
    (value: string) => `[{"name": "${name}", "value": "${value}"}, {"name": "host", "value": "c1"}]`,
  ])('in a text: %o', (write) => expect(maskSecrets(write('S3cr3t'))).toBe(write('***')))
})

test.each(OTHERS)('%s is the name of none', (name) => {
  expect(isSecretName(name)).toBe(false)
  const text = `{"${name}": "abc"} ${name}=abc ${name}: abc`
  expect(maskSecrets(text)).toBe(text)
})

test.each([
  ['tokens', 5.5],
  ['prompt_tokens', '5'],
  ['pwd', '/srv'],
  ['pass', 3],
  ['authentication', 'required'],
])('%s: %j is no secret', (name, value) => {
  expect(maskValues({ [name]: value })).toEqual({ [name]: value })
})

test('what holds no secret is the same value', () => {
  const values = { stream: 1, host: 'c1', token: null, has_token: true, tokens_used: 3 }
  expect(maskValues(values)).toBe(values)
})
