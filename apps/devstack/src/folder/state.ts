import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { SERVICE_NAMES, type ServiceName } from '@sluice/contracts/network'
import { z } from 'zod'
import type { Layout } from './layout.ts'

const Passwords = z.object({
  postgres: z.string(),
  redisAdmin: z.string(),
  /** Of each service's Postgres role. */
  database: z.record(z.string(), z.string()),
  /** Of each service's Redis user. */
  redis: z.record(z.string(), z.string()),
})
export type Passwords = z.infer<typeof Passwords>

/** A process of the last run, for the case that nobody could end it. */
const LeftProcess = z.object({ name: z.string(), pid: z.number(), start: z.string().optional() })
export type LeftProcess = z.infer<typeof LeftProcess>

const State = z.object({
  v: z.literal(1),
  passwords: Passwords,
  /** By listener, e.g. `postgres`, `ng-core`, `ng-core health`. */
  ports: z.record(z.string(), z.number()),
  processes: z.array(LeftProcess),
})
export type State = z.infer<typeof State>

/** Reads what earlier starts left, or makes new random passwords at the first. */
export async function readState(layout: Layout): Promise<State> {
  const text = await readFile(layout.stateFile, 'utf8').catch(() => undefined)
  if (text !== undefined) return State.parse(JSON.parse(text))
  return { v: 1, passwords: newPasswords(), ports: {}, processes: [] }
}

/** Written aside and renamed, so that a full disk never leaves half of it. */
export async function writeState(layout: Layout, state: State): Promise<void> {
  const partial = `${layout.stateFile}.${process.pid}`
  await writeFile(partial, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 })
  await rename(partial, layout.stateFile)
}

export function passwordOf(passwords: Record<string, string>, service: ServiceName): string {
  const password = passwords[service]
  if (password === undefined) throw new Error(`state.json holds no password for "${service}".`)
  return password
}

function newPasswords(): Passwords {
  const perService = () => Object.fromEntries(SERVICE_NAMES.map((service) => [service, randomPassword()]))
  return { postgres: randomPassword(), redisAdmin: randomPassword(), database: perService(), redis: perService() }
}

/** 144 random bits that need no quoting in a URL, a shell or SQL. */
export function randomPassword(): string {
  return randomBytes(18).toString('base64url')
}
