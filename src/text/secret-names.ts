import { plainName } from './plain-name.ts'

/** What stands in place of a secret. */
export const MASK = '***'

/** A part of every secret name, in lower case or not. */
export const STEM =
  /pass|pwd|pswd|pw|secret|token|key|auth|cred|cookie|otp|psk|kek|jwt|bearer|fernet|sig|user.?data|configdrive|hashsuffix|cephcluster/gi

/** Words in the place of a password in the forms that messages and help show: `USER:PASSWORD@HOST`. */
const PLACEHOLDER = /^(?:PASSWORD|PASSWD|PASS|SECRET|TOKEN)$/

/** Whether a text is a word that stands for a secret: `PASSWORD`. */
export function isPlaceholder(text: string): boolean {
  return text.length <= 8 && PLACEHOLDER.test(text)
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/))

/** Words of a name that make its value a secret, wherever they stand in it. */
const SECRET_WORDS =
  set(`pass password passwords passwort passwd passphrase passphrases passcode pswd pwd pw secret
  secrets token tokens credential credentials cred creds cookie cookies authorization authentication auth
  otp totp psk kek jwt bearer fernet sig signature userdata`)

/** Last words of names that say something about a secret without being one: `key_name`, `token_expires_at`. */
const DESCRIPTIVE =
  set(`name names type kind class format file path dir directory folder url uri urls endpoint
  ref href link id ids uuid uuids audit count counter counts used usage limit quota max min number num total
  expires expired expiry expiration expire at on time timestamp date age ttl lifetime duration length len size
  bits bytes algorithm algo version method mode state status enabled disabled required supported allowed present
  set changed created updated modified issued revoked rotated rotation policy strength fingerprint provider
  plugin driver backend server host hostname port user users username domain project tenant region scheme
  strategy protocol service system level section label description desc title prefix suffix index position
  issuer audience scope scopes role roles interval timeout manager valid invalid missing failed failure failures
  error errors attempt attempts retries bucket through rate ratio field column group pair hint reset agent
  location source target event events action request response result results outcome success successes ok
  ms seconds minutes hours days`)

/** First words of names of flags and amounts: `has_password`, `max_tokens`. */
const ABOUT = set('is has can may must needs use uses allow allows enable require requires max min num total')

/** What stands before `key` in names of keys that open nothing: `primary_key`, `routing_key`. */
const OPEN_KEYS =
  set(`public pub primary foreign partition sort sorting routing binding cache row object index
  group lookup map unique natural candidate composite shard order ordering trait tag label metadata meta
  property param parameter field column config configuration option env environment topic message
  idempotency translation resource event stream trigger bucket hash range lock dedup dedupe join parent child
  path section name search filter dict item entry attribute attr header query state job task queue redis kv
  registry hot arrow escape enter home type value first last next previous start end usage metric dimension
  series flavor network port project tenant extra spec schema table sequence reference custom country product
  customer issue jira invoice external business surrogate vendor store asset part sku batch fact journey route
  placement node rack vm context image file material
  unknown missing wrong invalid duplicate repeated host known authorized`)

/** What stands before `keys` or before `key` and a further word where the value is a secret. */
const CLOSED_KEYS = set(`api private secret access auth authentication encryption decryption encrypted signing
  master admin fernet session shared ssl tls ssh rsa aes hmac gpg pgp account storage client server`)

/** What a name such as `key_data` says about the key in its value. */
const KEY_FORMS = set('data material pem blob')

/** What stands before `signature` in names of signatures that let nobody in. */
const OPEN_SIGNATURES = set('img image message event method function email')

/** English words that end like the names of secrets. */
const ENGLISH =
  set(`monkey turkey donkey hockey jockey whiskey lackey mickey hickey malarkey smokey valkey hotkey
  lowkey compass bypass encompass trespass surpass overpass underpass lowpass highpass bandpass allpass
  multipass noauth`)
const PASSES = set('high low band all by one two first second multi single last')

/** Names of oslo.utils' list that no rule below knows. */
const OTHERS = set(
  'configdrive swifthashsuffix cephclusterfsid barbicansimplecryptokek heatauthencryptionkey',
)

/** Words that hold the name of a secret together with others: `userpassword`, `authtoken`. */
const JOINED =
  /password|passwd|passphrase|pswd|secret|token|credential|cookie$|[a-z]{2}auth$|pwd$|[a-z]{2}pw$/
const NOT_JOINED = /secretar|secretion|secreted|tokeni[sz]|passwordless|credential(ed|ing)/
const JOINED_END =
  /(?:name|type|used|count|uuid|url|uri|file|path|expires|expiresat|expiry|ttl|limit|method|version|host|user)s?$/

/** Longer names are judged by their end. */
const LONGEST_NAME = 256

/**
 * Returns whether the value of a field, parameter, header or trait of this name must not be shown. Names are
 * read word by word, in any case and spelling; words about a secret, such as in `token_expires_at`, make a
 * name that may be shown.
 *
 * @example
 * isSecretName('X-Auth-Token') // true
 * isSecretName('adminPass') // true
 * isSecretName('key_name') // false
 */
export function isSecretName(name: string): boolean {
  const end = name.slice(-LONGEST_NAME)
  const known = judged.get(end)
  if (known !== undefined) return known
  const isSecret = judge(end)
  if (judged.size >= MOST_JUDGED) judged.clear()
  judged.set(end, isSecret)
  return isSecret
}

/** Names are few and come again and again. */
const judged = new Map<string, boolean>()
const MOST_JUDGED = 10_000

function judge(written: string): boolean {
  const end = plainName(written)
  return areSecret(wordsOf(separated(end))) || (hasCases(end) && areSecret(wordsOf(end)))
}

/** Words in the place of credentials that say what became of them. */
const OUTCOME =
  /^(?:required|optional|forbidden|unauthorized|failed|failure|denied|refused|rejected|success|successful|succeeded|ok|enabled|disabled|[45]\d\d)$/i

/** Words about any secret in the place of its value. */
const ABOUT_VALUE = /^(?:required|optional|missing|invalid|expired|unknown)$/i

/**
 * Returns whether a value of a secret name is none: an amount such as `tokens: 5.5`, a working directory such
 * as `pwd: /srv`, a count of tests such as `pass: 3`, an outcome such as `authentication: required`.
 *
 * @example
 * isOpenValue('prompt_tokens', '5') // true
 */
export function isOpenValue(name: string, value: string): boolean {
  if (value.length > 4_096) return false
  if (ABOUT_VALUE.test(value)) return true
  if (/tokens$/i.test(name)) return /^\d{1,9}(?:\.\d{1,9})?$/.test(value)
  if (/^(?:old)?pwd$/i.test(name)) return value.startsWith('/')
  if (/^pass$/i.test(name)) return /^\d{1,3}$/.test(value)
  return /auth(?:entication|ori[sz]ation)?$/i.test(name) && OUTCOME.test(value)
}

/** Whether the value of a parameter of a query must not be shown: `?key=…` opens the APIs that take it. */
export function isSecretParameter(name: string): boolean {
  return name.toLowerCase() === 'key' || isSecretName(name)
}

function separated(name: string): string {
  return name.replace(/([a-z0-9])(?=[A-Z])/g, '$1 ').replace(/([A-Z])(?=[A-Z][a-z])/g, '$1 ')
}

function hasCases(name: string): boolean {
  return /[a-z][A-Z]/.test(name)
}

function wordsOf(name: string): readonly string[] {
  return name.toLowerCase().match(/[a-z]+/g) ?? []
}

function areSecret(words: readonly string[]): boolean {
  const [first = ''] = words
  const last = words.at(-1) ?? ''
  const before = words.at(-2) ?? ''
  if (last === 'key' || last === 'keys') return isSecretKey(last, before, words)
  if (words.length > 1 && ABOUT.has(first)) return false
  // The id of a token is the token; the id of a secret is half of the credentials of Vault.
  if (last === 'id' && (before === 'token' || before === 'secret')) return true
  if (last === 'signature' && OPEN_SIGNATURES.has(before)) return false
  if (before === 'key' && KEY_FORMS.has(last)) return isSecretKey('key', words.at(-3) ?? '', ['', ''])
  if (words.length > 1 && (DESCRIPTIVE.has(last) || DESCRIPTIVE.has(last.replace(/s$/, '')))) return false
  if (last === 'pass' && PASSES.has(before)) return false
  if (before === 'user' && last === 'data') return true
  return words.some((word, index) => isSecretWord(word) || (word === 'key' && isClosed(words[index - 1])))
}

function isSecretKey(last: string, before: string, words: readonly string[]): boolean {
  if (words.length === 1 || OPEN_KEYS.has(before)) return false
  if (last === 'key') return true
  return isClosed(before) || words.slice(0, -1).some(isSecretWord)
}

function isClosed(word: string | undefined): boolean {
  return word !== undefined && (CLOSED_KEYS.has(word) || isSecretWord(word))
}

function isSecretWord(word: string): boolean {
  if (SECRET_WORDS.has(word) || OTHERS.has(word)) return true
  if (word.length < 4 || ENGLISH.has(word)) return false
  if (word.endsWith('pass')) return !PASSES.has(word.slice(0, -4))
  const key = /^(.+?)(keys?)$/.exec(word)
  if (key) return key[2] === 'key' ? !OPEN_KEYS.has(key[1] as string) : isClosed(key[1])
  return JOINED.test(word) && !NOT_JOINED.test(word) && !JOINED_END.test(word)
}
