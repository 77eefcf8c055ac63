/** The tokens of a maker: how they begin, and what follows in each of them. */
type TokenForm = { readonly of: string; readonly prefix: string; readonly rest: string }

const form = (of: string, prefix: string, rest: string): TokenForm => ({ of, prefix, rest })

/** Tokens that are known by the letters they begin with. */
const FORMS: readonly TokenForm[] = [
  form('GitHub', 'gh[pousr]_', '\\w{20}'),
  form('GitHub', 'github_pat_', '\\w{20}'),
  form('GitLab', 'gl(?:pat|ptt|dt|rtr?|cbt|ft|imt|agent|soat|ffct|oas)-', '[\\w-]{16}'),
  form('Slack', 'xox[a-z](?:\\.xox[a-z])?-', '[\\w-]{10}'),
  form('Slack', 'xapp-', '[\\w-]{10}'),
  form('Stripe', '[rs]k_(?:live|test|prod)_', '\\w{10}'),
  form('Stripe', 'whsec_', '[\\w+/=]{10}'),
  form('AWS', '(?:AKIA|ASIA|ABIA|ACCA)', '[A-Z2-7]{16}(?![A-Za-z0-9])'),
  form('Google', 'AIza', '[\\w-]{30}'),
  form('Google', 'ya29\\.', '[\\w-]{20}'),
  form('Google', 'GOCSPX-', '[\\w-]{20}'),
  form('Vault', 'hv[sbr]\\.', '[\\w-]{20}'),
  form('Terraform Cloud', 'atlasv1\\.', '[\\w-]{40}'),
  form('npm', 'npm_', '[A-Za-z0-9]{30}'),
  form('PyPI', 'pypi-', 'AgE[\\w-]{20}'),
  form('RubyGems', 'rubygems_', '[0-9a-f]{30}'),
  form('Docker', 'dckr_[po]at_', '[\\w-]{20}'),
  form('SendGrid', 'SG\\.', '[\\w-]{16,40}\\.[\\w-]{16}'),
  form('OpenAI, Anthropic', 'sk-', '(?:(?:proj|ant|svcacct|admin|or)-[\\w-]{16}|[A-Za-z0-9]{32})'),
  form('Hugging Face', 'hf_', '[A-Za-z]{30}'),
  form('DigitalOcean', 'do[opr]_v1_', '[0-9a-f]{32}'),
  form('Shopify', 'shp(?:at|ca|pa|ss)_', '[0-9a-fA-F]{16}'),
  form('Grafana', 'gl(?:sa|c)_', '[\\w+/=]{20}'),
  form('Databricks', 'dapi', '[0-9a-f]{32}'),
  form('Atlassian', 'AT[AC]TT3', '[\\w-]{20}'),
  form('Bitbucket', 'ATBB', '[A-Za-z0-9]{20}'),
  form('Mailgun', 'key-', '[0-9a-f]{32}'),
  form('Twilio', 'SK', '[0-9a-f]{32}'),
  form('Square', 'sq0(?:atp|csp|idp)-', '[\\w-]{20}'),
  form('Linear', 'lin_(?:api|oauth)_', '\\w{20}'),
  form('Postman', 'PMAK-', '[0-9a-f]{24}'),
  form('New Relic', 'NRAK-', '\\w{16}'),
  form('Sentry', 'sntry[su]_', '[\\w+/=-]{20}'),
  form('age', 'AGE-SECRET-KEY-1', '[A-Z0-9]{40}'),
  form('Doppler', 'dp\\.(?:pt|st|ct|sa|scim|audit)\\.', '[\\w.-]{20}'),
  form('Notion', 'ntn_', '\\w{20}'),
  form('Pulumi', 'pul-', '[0-9a-f]{30}'),
  form('PlanetScale', 'pscale_(?:tkn|pw|oauth)_', '[\\w.=-]{20}'),
  form('Supabase', 'sbp_', '[0-9a-f]{30}'),
  form('Tailscale', 'tskey-[a-z]{2,10}-', '[\\w-]{10}'),
  form('Dynatrace', 'dt0[a-z]\\d\\d\\.', '[A-Z0-9]{24}'),
  form('Alibaba Cloud', 'LTAI', '[A-Za-z0-9]{12}'),
  form('Artifactory', 'AKCp', '[A-Za-z0-9]{50}'),
  form('1Password', 'ops_', 'eyJ[\\w+/]{40}'),
]

/** Where a token may begin: not within a word, but behind a character that is written as an escape. */
export const TOKEN_BEGIN = '(?:(?<![\\w-])|(?<=%[\\da-fA-F]{2}|\\\\[nrt]))'

/** The beginning of a token of one of these forms, with the whole token behind it. */
export const TOKEN = new RegExp(
  `${TOKEN_BEGIN}(?:${FORMS.map(({ prefix, rest }) => `${prefix}(?=${rest})`).join('|')})`,
  'g',
)

/** What all these tokens have, but for those that begin behind an escape. */
export const TOKEN_STEM = new RegExp(
  `\\b(?:${FORMS.map(({ prefix, rest }) => `${prefix}(?=${rest})`).join('|')})`,
)
