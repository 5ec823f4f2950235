import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createPool, createPrismaAdapter } from '@sluice/database'
import { prepareServices } from '@sluice/database/bootstrap'
import { parseDelegateToken } from '@sluice/delegate-protocol/tokens'
import { createLogger } from '@sluice/service-kit'
import { cloneDatabase, type ClonedDatabase } from '@sluice/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PrismaClient } from '../src/generated/prisma/client.ts'
import { firstBoot } from '../src/modules/account/first-boot.ts'

let database: ClonedDatabase
let folder: string
let pool: ReturnType<typeof createPool>
let prisma: PrismaClient
beforeAll(async () => {
  database = await cloneDatabase(prepareServices(['ng-core']))
  folder = await mkdtemp(join(tmpdir(), 'sluice-first-boot-'))
  pool = createPool({ url: database.url('ng-core'), applicationName: 'test' })
  prisma = new PrismaClient({ adapter: createPrismaAdapter(pool, 'ng') })
})
afterAll(async () => {
  await prisma.$disconnect()
  await pool.end()
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

test('two replicas that boot at once make one account, with its password and token in private files', async () => {
  const config = {
    firstPasswordFile: join(folder, 'password'),
    firstDelegateTokenFile: join(folder, 'token'),
    firstEmail: 'admin@localhost',
  }
  const logger = createLogger({ service: 'ng-core', logLevel: 'silent' })
  const made = await Promise.all([1, 2].map(() => firstBoot({ prisma, logger, config })))

  const [account] = made.filter((created) => created !== undefined)
  expect(await prisma.account.count()).toBe(1)
  expect((await readFile(config.firstPasswordFile, 'utf8')).trim().length).toBeGreaterThanOrEqual(20)
  const token = parseDelegateToken((await readFile(config.firstDelegateTokenFile, 'utf8')).trim())
  expect(token.accountId).toBe(account?.accountId)
  for (const file of [config.firstPasswordFile, config.firstDelegateTokenFile]) {
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  }
  expect(await prisma.project.findFirst()).toMatchObject({ orgIdentifier: 'default', identifier: 'default_project' })
  expect(await firstBoot({ prisma, logger, config })).toBeUndefined()
})

test('the command makes a second account, and without its options says how to use it', async () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const passwordFile = join(folder, 'second')
  await writeFile(passwordFile, 'a password of some length\n')
  const run = async (...args: string[]) => {
    const child = spawn(process.execPath, [main, ...args], {
      env: { ...process.env, SLUICE_DATABASE_URL: database.url('ng-core') },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const [code] = await once(child, 'close')
    return { code: Number(code), output }
  }
  const [made, bare] = await Promise.all([
    run('create-account', '--name', 'Second', '--email', 'Admin@Second.test', '--password-file', passwordFile),
    run('create-account', '--name', 'Second'),
  ])

  expect(made.code).toBe(0)
  expect(JSON.parse(made.output)).toMatchObject({ accountId: expect.stringMatching(/^acc-/) })
  expect(await prisma.user.findFirst({ where: { email: 'admin@second.test' } })).not.toBeNull()
  expect(bare).toMatchObject({ code: 2, output: expect.stringContaining('usage:') })
})
