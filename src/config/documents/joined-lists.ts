import type { ConfigDocument, DocumentPath } from './yaml-document.ts'

/** A list from a file, and its document. */
export type ListFile<T> = { readonly document: ConfigDocument; readonly value: readonly T[] }

/**
 * Joins the lists of several files. Positions in the joined document are those of the file that has the item.
 */
export function joinLists<T>(files: readonly [ListFile<T>, ...ListFile<T>[]]): ListFile<T> {
  const [first] = files
  if (files.length === 1) return first
  const place = ([index, ...rest]: DocumentPath): readonly [ConfigDocument, DocumentPath] => {
    if (typeof index !== 'number') return [first.document, []]
    let at = index
    for (const { document, value } of files) {
      if (at < value.length) return [document, [at, ...rest]]
      at -= value.length
    }
    return [first.document, []]
  }
  return {
    value: files.flatMap(({ value }) => value),
    document: {
      value: files.flatMap(({ document }) => document.value),
      positionOf(path) {
        const [document, inside] = place(path)
        return document.positionOf(inside)
      },
      keyPositionOf(path) {
        const [document, inside] = place(path)
        return document.keyPositionOf(inside)
      },
      repeatedKeys: [],
    },
  }
}
