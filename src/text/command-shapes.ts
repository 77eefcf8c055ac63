import { endOfQuoted, quoteAt } from './quoted-text.ts'
import type { Shape } from './shape.ts'
import { characterSet, endOfRun, type Part } from './text-parts.ts'
import { hidden } from './value-parts.ts'

const WORD_OF_COMMAND = characterSet(/[^\s"'\\,|;&<>`)\]}]/)

/** What stands between words of a command, on a line or in a list: `-a x`, `"-a", "x"`. */
const GAP = '(?:\\\\{0,7}["\'])?,?[ \\t]{1,8}(?:\\\\{0,7}["\'])?|\\\\{0,7}["\'],\\\\{0,7}["\']'

/** Programs whose options hold a password under a short name, and what stands before it there. */
const COMMANDS: readonly { readonly program: string; readonly before: string }[] = [
  { program: '(?:mysql|mariadb)[\\w-]{0,16}', before: '-p(?=\\\\{0,7}["\'][^\\s"\',:)}\\]]|[^\\s"\'\\\\,])' },
  { program: 'sshpass', before: `-p(?:${GAP})?` },
  {
    program: 'curl',
    before: `(?:-[a-zA-Z]{0,4}u|--user|-U|--proxy-user)(?:=|${GAP})?[^\\s"':@/\\\\,]{0,64}:`,
  },
  { program: 'https?', before: `(?:-a|--auth)(?:=|${GAP})[^\\s"':@/\\\\,]{0,64}:` },
  { program: 'redis-cli', before: `-a(?:${GAP})` },
  { program: 'ldap[a-z]{3,8}', before: `-w(?:${GAP})?` },
  { program: 'ipmitool', before: `-P(?:${GAP})?` },
  { program: 'rabbitmqctl', before: `(?:add_user|change_password)(?:${GAP})[^\\s"'\\\\,]{1,64}(?:${GAP})` },
  { program: 'smbclient', before: '-U(?:[ \\t]{1,8})?[^\\s"\'%\\\\,]{1,64}%' },
  {
    program: '(?:docker|podman|skopeo|az|helm)(?:[ \\t]{1,8}registry)?(?:[ \\t]{1,8}login)',
    before: `-p(?:${GAP})`,
  },
  { program: 'mongo[a-z]{0,8}', before: `-p(?:${GAP})` },
]

/** A part of the names of these programs. */
const PROGRAM_STEM =
  /(?:mysql|mariadb|sshpass|curl|redis-cli|ipmitool|rabbitmqctl|smbclient|mongo|https?|ldap[a-z]{3,8}|login)[\w-]{0,16}(?:\\{0,7}["'],?)?[ "'\\]/

const SHAPES_OF_COMMANDS: readonly Shape[] = COMMANDS.map(({ program, before }) => ({
  // Further words of the command may come between, on the same line.
  begin: new RegExp(
    `(?<![\\w.-])${program}(?=["'\\\\ ,])(?:(?!\\\\+[nr])[^\\n\\r|;&]){0,160}?(?<=[\\s"'])(?:${before})(?=[^\\s-])`,
    'g',
  ),
  partAt: wordAt,
}))

/** Statements of SQL that set a password. */
const STATEMENT: Shape = {
  begin:
    /\b(?:identified\s{1,8}(?:(?:with|via)\s{1,8}[\w'"`\\]{1,64}\s{1,8})?(?:by|as|using)(?:\s{1,8}password)?|(?:old_)?password(?=[\s(])|password\s{1,8}for\s{1,8}[^=\n]{1,100}=)(?:\s{1,8}|(?<=[\s=])|(?=\())(?:(?:old_)?password)?\(?\s{0,8}(?=\\*')|\bidentified\s{1,8}by\s{1,8}(?=\\*")/gi,
  partAt: (text, end) => {
    const opening = quoteAt(text, end)
    return opening ? hiddenUnlessEmpty(opening.end, endOfQuoted(text, opening)) : end
  },
}

/** Passwords in command lines of known programs and in statements of SQL. */
export const COMMAND_SHAPES: readonly Shape[] = [...SHAPES_OF_COMMANDS, STATEMENT]

/** A part of what all of them have. */
export const COMMAND_STEM = new RegExp(`identified|password[\\s(]|${PROGRAM_STEM.source}`)

function wordAt(text: string, at: number): Part | number {
  const opening = quoteAt(text, at)
  if (opening) return hiddenUnlessEmpty(opening.end, endOfQuoted(text, opening))
  return hiddenUnlessEmpty(at, endOfRun(text, at, WORD_OF_COMMAND, 1))
}

function hiddenUnlessEmpty(start: number, end: number): Part | number {
  return end > start ? hidden(start, end) : start
}
