import { fileURLToPath } from 'node:url'
import { migrateService } from '@sluice/database'
import { runService } from '@sluice/service-kit'
import { loadConfig } from './config.ts'
import { startScmService } from './service.ts'

await runService('scm-service', async () => {
  const config = loadConfig(process.env)
  if (process.env['SLUICE_MIGRATE'] === '1') {
    const folder = fileURLToPath(new URL('../prisma/migrations', import.meta.url))
    await migrateService({ url: config.databaseUrl, service: 'scm-service', folder })
  }
  return startScmService(config)
})
