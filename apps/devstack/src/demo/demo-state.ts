import { readFile, rename, writeFile } from 'node:fs/promises'
import { randomPassword } from '../folder/state.ts'
import { z } from 'zod'
import type { Layout } from '../folder/layout.ts'

/** Instances of the demo, each with a database of its own. */
export const STAGES = ['staging', 'production'] as const
export type Stage = (typeof STAGES)[number]

const Made = z.object({
  v: z.literal(1),
  /**
   * - `making`: something is missing yet.
   * - `made`: everything is there and the first run has not ended; from here on nothing is made again, whatever people delete.
   * - `finished`: the first run has ended.
   */
  status: z.enum(['making', 'made', 'finished']),
  /** Of the databases' owners. */
  passwords: z.object({ staging: z.string(), production: z.string() }),
  /** What a push to the repository needs. */
  pushToken: z.string(),
  /** Ports that the connectors and the working clone were made with. */
  ports: z.object({ postgres: z.number(), git: z.number() }),
  /** Acts as the first account until the first run has ended, also in a later start. */
  apiKey: z.object({ identifier: z.string(), value: z.string() }).optional(),
  executionId: z.string().optional(),
})
export type DemoState = z.infer<typeof Made>

/** `declined`: this data folder has no demo and was told so. */
const Stored = z.discriminatedUnion('status', [Made, z.object({ v: z.literal(1), status: z.literal('declined') })])

/** What an earlier start noted; undefined when none did. */
export async function readDemoState(layout: Layout): Promise<z.infer<typeof Stored> | undefined> {
  const text = await readFile(layout.demoStateFile, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : Stored.parse(JSON.parse(text))
}

/** Written aside and renamed, so that a full disk never leaves half of it. */
export async function writeDemoState(layout: Layout, state: z.infer<typeof Stored>): Promise<void> {
  const partial = `${layout.demoStateFile}.${process.pid}`
  await writeFile(partial, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 })
  await rename(partial, layout.demoStateFile)
}

export function newDemoState(ports: DemoState['ports']): DemoState {
  return {
    v: 1,
    status: 'making',
    passwords: { staging: randomPassword(), production: randomPassword() },
    pushToken: randomPassword(),
    ports,
  }
}
