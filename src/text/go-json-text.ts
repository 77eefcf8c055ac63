import { unicodeEscape } from './unicode-escape.ts'

const SHORT: { readonly [character: string]: string } = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

/** Returns a text in JSON with the escapes of Go, which are safe in HTML: `<`, `>`, `&`, U+2028 and U+2029 too. */
export function goJsonText(text: string): string {
  const escaped = text.replace(/["\\<>&\u2028\u2029]|\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0)
    if (code >= 0x7f && code < 0x2028) return character
    return SHORT[character] ?? unicodeEscape(character)
  })
  return `"${escaped.toWellFormed()}"`
}
