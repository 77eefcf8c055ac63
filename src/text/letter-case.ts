/** Returns a name such as `bindAddress` with low lines: `bind_address`. */
export function snakeCase(name: string): string {
  return separated(name, '_')
}

/** Returns a name such as `bindAddress` with hyphens: `bind-address`. */
export function kebabCase(name: string): string {
  return separated(name, '-')
}

function separated(name: string, separator: string): string {
  return name.replace(/[A-Z]/g, (letter) => `${separator}${letter.toLowerCase()}`)
}
