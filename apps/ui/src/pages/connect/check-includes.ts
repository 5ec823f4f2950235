/** Files that are asked for at once: each may be a task of a delegate. */
const LANES = 4

/**
 * Reads what a changelog includes, a few at a time.
 * @param read of one; its failure is told and keeps no other from being read
 * @returns those that could not be read, in the order of the changelog
 * @throws the abort reason where `signal` aborts
 */
export async function checkIncludes<Include>(
  includes: readonly Include[],
  read: (include: Include) => Promise<unknown>,
  signal: AbortSignal,
): Promise<{ include: Include; error: unknown }[]> {
  const failures = new Map<number, unknown>()
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < includes.length; index = next++) {
      signal.throwIfAborted()
      const include = includes[index]
      if (include === undefined) continue
      try {
        // oxlint-disable-next-line no-await-in-loop -- one after the other is what a lane is
        await read(include)
      } catch (error) {
        failures.set(index, error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(LANES, includes.length) }, lane))
  signal.throwIfAborted()
  return includes.flatMap((include, index) => (failures.has(index) ? [{ include, error: failures.get(index) }] : []))
}
