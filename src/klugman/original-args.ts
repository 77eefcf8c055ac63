/** An address of the API: a URL, or HOST:PORT of one. */
const ADDRESS = /^(https?:\/\/.*|(?:[\w.-]+|\[[\da-f:]+\]):\d{1,5}(?:\/.*)?)$/i

/**
 * Rewrites arguments as the original klugman took them: a bare URL or HOST:PORT before the command becomes
 * --url, and `--version 1`, by which the version of the API was chosen, is left out.
 *
 * @example
 * originalArgs(['127.0.0.1:8000', 'streams'], ['streams', 'events']) // ['--url', 'http://127.0.0.1:8000', 'streams']
 */
export function originalArgs(args: readonly string[], commands: readonly string[]): string[] {
  const at = args.findIndex((arg) => commands.includes(arg))
  const [before, rest] = at < 0 ? [args, []] : [args.slice(0, at), args.slice(at)]
  return [...withUrl(withoutVersion(before)), ...rest]
}

function withoutVersion(args: readonly string[]): readonly string[] {
  const at = args.findIndex(
    (arg, index) => /^(-V|--version)$/.test(arg) && /^\d+$/.test(args[index + 1] ?? ''),
  )
  return at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 2)]
}

function withUrl(args: readonly string[]): readonly string[] {
  const at = args.findIndex((arg, index) => ADDRESS.test(arg) && args[index - 1] !== '--url')
  if (at < 0 || args.includes('--url')) return args
  const address = args[at] as string
  const url = /^https?:/i.test(address) ? address : `http://${address}`
  return [...args.slice(0, at), '--url', url, ...args.slice(at + 1)]
}
