import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SERVICE_NAMES } from '@sluice/contracts/network'
import { freePort, startRedis } from '@sluice/local-servers'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ownKey } from './keys.ts'
import { redisAcl } from './redis-acl.ts'

let folder: string
let port: number
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-acl-'))
  port = await freePort()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const start = () =>
  startRedis({
    folder: join(folder, 'redis'),
    port,
    keep: true,
    logFile: join(folder, 'redis.log'),
    acl: redisAcl({
      adminPassword: 'admin-password',
      passwords: Object.fromEntries(SERVICE_NAMES.map((service) => [service, `${service}-password`])),
    }),
  })
const signIn = (username: string, password: string) =>
  new Redis({ port, host: '127.0.0.1', username, password, maxRetriesPerRequest: 0, retryStrategy: () => null })

test('what a script or a transaction wrote is there whole after a restart, and nobody signs in as default', async () => {
  const key = ownKey('gateway', 'counter')
  const first = await start()
  const before = signIn('gateway', 'gateway-password')
  await before.eval(`redis.call('INCR', KEYS[1]) redis.call('PEXPIRE', KEYS[1], 60000)`, 1, key)
  await before.multi().set(ownKey('gateway', 'left'), '1').set(ownKey('gateway', 'right'), '2').exec()
  before.disconnect()
  await first.stop()

  const second = await start()
  try {
    const after = signIn('gateway', 'gateway-password')
    expect(await after.get(key)).toBe('1')
    expect(await after.pttl(key)).toBeGreaterThan(0)
    expect(await after.mget(ownKey('gateway', 'left'), ownKey('gateway', 'right'))).toEqual(['1', '2'])
    after.disconnect()
    const nobody = signIn('default', '')
    nobody.on('error', () => undefined)
    await expect(nobody.get(key)).rejects.toThrow(/NOAUTH|WRONGPASS|Connection is closed/)
    nobody.disconnect()
  } finally {
    await second.stop()
  }
})
