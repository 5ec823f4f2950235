/**
 * Repeats a statement that removes `size` rows at most, so that each stays short, until one finds fewer.
 * @returns the number of rows removed
 */
export async function runInPasses(signal: AbortSignal, size: number, pass: () => Promise<number>): Promise<number> {
  let total = 0
  while (!signal.aborted) {
    const removed = await pass()
    total += removed
    if (removed < size) break
  }
  return total
}
