import { ChangelogError } from './error.ts'

/** Runs work and turns whatever ends it after an abort into one named error. */
export async function abortedAs<T>(what: string, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (signal?.aborted !== true || error instanceof ChangelogError) throw error
    throw new ChangelogError('ABORTED', `${what} was aborted before any changeset ran`, { cause: error })
  }
}
