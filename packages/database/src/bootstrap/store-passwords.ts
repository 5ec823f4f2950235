import { randomBytes } from 'node:crypto'
import { SERVICE_NAMES, type ServiceName } from '@sluice/contracts/network'
import { z } from 'zod'

/** Every password of an installation's stores. */
export const StorePasswords = z.object({
  /** Of the superuser of Postgres. */
  postgres: z.string(),
  redisAdmin: z.string(),
  /** Of each service's Postgres role. */
  database: z.record(z.string(), z.string()),
  /** Of each service's Redis user. */
  redis: z.record(z.string(), z.string()),
})
export type StorePasswords = z.infer<typeof StorePasswords>

/** New random passwords for all stores. */
export function newStorePasswords(): StorePasswords {
  const perService = () => Object.fromEntries(SERVICE_NAMES.map((service) => [service, randomPassword()]))
  return { postgres: randomPassword(), redisAdmin: randomPassword(), database: perService(), redis: perService() }
}

/** @throws Error where there is no password for the service */
export function passwordOf(passwords: Record<string, string>, service: ServiceName): string {
  const password = passwords[service]
  if (password === undefined) throw new Error(`There is no stored password for "${service}".`)
  return password
}

/** 144 random bits that need no quoting in a URL, a shell or SQL. */
export function randomPassword(): string {
  return randomBytes(18).toString('base64url')
}
