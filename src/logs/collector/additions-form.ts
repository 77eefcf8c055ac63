import type { RememberedFile } from './source-file.ts'

/** What the file of additions holds: more of each file than its offset, and for which texts of the file of offsets it is. */
export type Additions = {
  /** name of the collector */
  readonly peer: string
  /** hashes of the text before the last save and of the one that was saved: either may be there after a crash */
  readonly texts: readonly string[]
  readonly files: readonly RememberedFile[]
}

type FileForm = {
  readonly dev: string
  readonly ino: string
  readonly stream: string
  readonly offset: number
  readonly fingerprint: { readonly length: number; readonly sha256: string }
  readonly born: string
  /** names in base64 */
  readonly earlier: readonly { readonly until: number; readonly name: string; readonly named?: number }[]
  readonly named?: number | undefined
  readonly left?: number | undefined
}

/** Returns the list of files in the text of additions. */
export function additionsList(files: readonly RememberedFile[]): string {
  return JSON.stringify(files.map(formOf))
}

/** Returns the text of additions with a list of files. */
export function additionsText({ peer, texts }: Omit<Additions, 'files'>, list: string): string {
  return `{"peer":"${peer}","texts":${JSON.stringify(texts)},"files":${list}}\n`
}

/** Parses the text of additions. Returns undefined for any other text. */
export function parseAdditions(text: string): Additions | undefined {
  try {
    const { peer, texts, files } = JSON.parse(text)
    return typeof peer === 'string' && Array.isArray(texts)
      ? { peer, texts, files: files.map(fileOf) }
      : undefined
  } catch {
    return undefined
  }
}

function formOf(file: RememberedFile): FileForm {
  const { dev, ino, stream, answered, fingerprint, bornNs, earlier, namedAt, leftAt } = file
  return {
    dev: `${dev}`,
    ino: `${ino}`,
    stream,
    offset: answered,
    fingerprint,
    born: `${bornNs}`,
    earlier: earlier.map((one) => ({
      until: one.until,
      name: one.name.toString('base64'),
      named: one.namedAt,
    })),
    named: namedAt,
    left: leftAt,
  }
}

function fileOf(form: FileForm): RememberedFile {
  const { dev, ino, stream, offset, fingerprint, born, earlier, named, left } = form
  return {
    ...{ dev: BigInt(dev), ino: BigInt(ino), stream, answered: offset, fingerprint, bornNs: BigInt(born) },
    earlier: earlier.map((one) => ({
      until: one.until,
      name: Buffer.from(one.name, 'base64'),
      namedAt: one.named ?? 0,
    })),
    namedAt: named,
    leftAt: left,
  }
}
