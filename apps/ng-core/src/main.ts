import { migrateService } from '@sluice/database'
import { runService, startHealth } from '@sluice/service-kit'
import { buildApp } from './app.ts'
import { loadConfig } from './config.ts'
import { runCreateAccount } from './create-account-command.ts'
import { createDeps } from './deps.ts'
import { firstBoot } from './modules/account/first-boot.ts'
import { createHousekeeping } from './workers/housekeeping.ts'
import { createNgInbox } from './workers/ng-inbox.ts'

async function start() {
  const config = loadConfig(process.env)
  if (process.env['SLUICE_MIGRATE'] === '1') await migrateService({ url: config.databaseUrl, service: 'ng-core' })
  const deps = await createDeps(config)
  await firstBoot(deps)
  await deps.connectionTests.start()
  const inbox = createNgInbox(deps)
  await inbox.start()
  const housekeeping = createHousekeeping(deps)
  await housekeeping.start()
  const app = buildApp(deps)
  await app.listen(config.http)
  const health = await startHealth({
    ...config.health,
    checks: {
      postgres: () => deps.pool.query('select 1'),
      redis: () => deps.redis.ping(),
      listen: async () => {
        if (!deps.connectionTests.snapshot().listening) throw new Error('not listening')
      },
    },
    metrics: deps.metrics,
  })
  return {
    close: async () => {
      health.drain()
      await app.close()
      await housekeeping.stop()
      await inbox.stop()
      await health.close()
      await deps.close()
    },
  }
}

const [command, ...args] = process.argv.slice(2)
if (command === undefined) await runService('ng-core', start)
else process.exitCode = await runCreateAccount(command, args, process.env)
