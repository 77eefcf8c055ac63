/**
 * Waits until all promises have settled, then rejects with the error of the first in the list that failed.
 */
export async function allEnded(works: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((end) => end.status === 'rejected')
  if (failed) throw failed.reason
}
