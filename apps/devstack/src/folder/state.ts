import { readFile, rename, writeFile } from 'node:fs/promises'
import { newStorePasswords, StorePasswords } from '@sluice/database/bootstrap'
import { z } from 'zod'
import type { Layout } from './layout.ts'

export { passwordOf, randomPassword } from '@sluice/database/bootstrap'

/** A process of the last run, for the case that nobody could end it. */
const LeftProcess = z.object({ name: z.string(), pid: z.number(), start: z.string().optional() })
export type LeftProcess = z.infer<typeof LeftProcess>

const State = z.object({
  v: z.literal(1),
  passwords: StorePasswords,
  /** By listener, e.g. `postgres`, `ng-core`, `ng-core health`. */
  ports: z.record(z.string(), z.number()),
  processes: z.array(LeftProcess),
})
export type State = z.infer<typeof State>

/** Reads what earlier starts left, or makes new random passwords at the first. */
export async function readState(layout: Layout): Promise<State> {
  const text = await readFile(layout.stateFile, 'utf8').catch(() => undefined)
  if (text !== undefined) return State.parse(JSON.parse(text))
  return { v: 1, passwords: newStorePasswords(), ports: {}, processes: [] }
}

/** Written aside and renamed, so that a full disk never leaves half of it. */
export async function writeState(layout: Layout, state: State): Promise<void> {
  const partial = `${layout.stateFile}.${process.pid}`
  await writeFile(partial, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 })
  await rename(partial, layout.stateFile)
}
