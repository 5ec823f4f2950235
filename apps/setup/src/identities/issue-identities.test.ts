import { X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { SERVICE_NAMES, SERVICES } from '@sluice/contracts/network'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { layoutOf, type Layout } from '../folder/layout.ts'
import { readPasswords } from '../stores/passwords.ts'
import { issueIdentities } from './issue-identities.ts'

const OPTIONS = { hostname: 'sluice.example.com', postgres: 'postgres:5432', redis: 'redis:6379' }

let root: string
let layout: Layout
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-setup-'))
  layout = layoutOf(root)
  for (const volume of [...SERVICE_NAMES, 'delegate', 'postgres', 'redis', 'authority', 'stores', 'keys'])
    await mkdir(join(root, volume))
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function contents(): Promise<Record<string, string>> {
  const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const paths = files.map(({ parentPath, name }) => join(parentPath, name))
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await readFile(path, 'utf8')])))
}

test('a service is given the passwords of its own role and user, and nobody else’s', async () => {
  await issueIdentities(layout, OPTIONS)
  const passwords = await readPasswords(layout)
  const all = Object.values({ ...passwords?.database }).concat(Object.values({ ...passwords?.redis }))
  expect(new Set(all).size).toBe(2 * SERVICE_NAMES.length)
  for (const service of SERVICE_NAMES) {
    const text = await readFile(join(root, service, 'service.env'), 'utf8')
    const { SLUICE_DATABASE_URL, SLUICE_REDIS_URL } = parseEnv(text)
    expect(SLUICE_REDIS_URL).toBe(`redis://${service}:${passwords?.redis[service]}@redis:6379`)
    expect(SLUICE_DATABASE_URL === undefined).toBe(SERVICES[service].schema === undefined)
    const expected = SERVICES[service].schema === undefined ? 1 : 2
    expect(all.filter((password) => text.includes(password))).toHaveLength(expected)
  }
})

test('private files are read by their owner only, those of the stores by their group too', async () => {
  await issueIdentities(layout, OPTIONS)
  const modes: Record<string, number> = {}
  for (const path of Object.keys(await contents())) modes[path.slice(root.length + 1)] = (await stat(path)).mode & 0o777
  const others = Object.entries(modes).filter(([, mode]) => (mode & 0o007) !== 0)
  expect(others.every(([path]) => path.endsWith('ca.pem'))).toBe(true)
  expect(modes['postgres/password']).toBe(0o640)
  expect(modes['redis/users.acl']).toBe(0o640)
  expect(modes['keys/kek']).toBe(0o600)
  expect(modes['authority/ca.key']).toBe(0o600)
})

test('run again it changes nothing', async () => {
  await issueIdentities(layout, OPTIONS)
  const before = await contents()
  await issueIdentities(layout, OPTIONS)
  expect(await contents()).toEqual(before)
})

test('people reach the gateway by the name that was chosen, and by localhost', async () => {
  await issueIdentities(layout, OPTIONS)
  const certificate = new X509Certificate(await readFile(join(root, 'gateway', 'public.pem')))
  expect(certificate.checkHost('sluice.example.com')).toBeDefined()
  expect(certificate.checkHost('localhost')).toBeDefined()
  const inner = new X509Certificate(await readFile(join(root, 'log-service', 'public.pem')))
  expect(inner.checkHost('log-service')).toBeDefined()
  expect(inner.checkHost('sluice.example.com')).toBeUndefined()
})
