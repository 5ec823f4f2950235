import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { issueCertificates, LOCALHOST } from '@sluice/certificates'
import { SERVICE_NAMES, SERVICES, type ServiceName } from '@sluice/contracts/network'
import { passwordOf, redisAcl, serviceDatabaseUrl, type StorePasswords } from '@sluice/database/bootstrap'
import { LocalKeyFileProvider } from '@sluice/secrets'
import type { Layout } from '../folder/layout.ts'
import { writeWholeFile } from '../folder/write-whole-file.ts'
import { readOrMakePasswords } from '../stores/passwords.ts'

/** Read by its owner only. */
const OWN = 0o600
/** Read by the group too: a store's process is another user in the services' group. */
const FOR_STORE = 0o640
const PUBLIC = 0o644

export interface IssueOptions {
  /** Host name at which people reach the gateway, beside localhost. */
  hostname: string
  /** `postgres:5432`, as the services reach it. */
  postgres: string
  /** `redis:6379` */
  redis: string
}

/**
 * Makes what an installation needs before anything runs: an authority, a certificate and key per service, passwords of
 * the stores, the key that wraps data keys. Everything is put into the volume of the one who needs it. Run again it
 * changes nothing but certificates that end within a month or lack a name.
 */
export async function issueIdentities(layout: Layout, options: IssueOptions): Promise<void> {
  await issueCertificates(layout, {
    authorityName: 'Sluice',
    namesOf: (service) => ({
      dns: [...new Set([...LOCALHOST.dns, service, ...(service === 'gateway' ? [options.hostname] : [])])],
      ips: LOCALHOST.ips,
    }),
  })
  const ca = await readFile(layout.caFile, 'utf8')
  for (const owner of [...SERVICE_NAMES, 'delegate'])
    await writeWholeFile(join(layout.folderOf(owner), 'ca.pem'), ca, PUBLIC)

  const passwords = await readOrMakePasswords(layout)
  for (const service of SERVICE_NAMES) {
    await writeWholeFile(
      join(layout.folderOf(service), 'service.env'),
      environmentText(service, passwords, options),
      OWN,
    )
  }
  await writeWholeFile(join(layout.folderOf('postgres'), 'password'), passwords.postgres, FOR_STORE)
  const acl = redisAcl({ passwords: passwords.redis, adminPassword: passwords.redisAdmin })
  await writeWholeFile(join(layout.folderOf('redis'), 'users.acl'), acl, FOR_STORE)
  await LocalKeyFileProvider.open(layout.kekFile)
}

/** URLs with passwords: a file of the service's own, so that they are in no container's settings. */
function environmentText(service: ServiceName, passwords: StorePasswords, { postgres, redis }: IssueOptions): string {
  const lines = [`SLUICE_REDIS_URL=redis://${service}:${passwordOf(passwords.redis, service)}@${redis}`]
  if (SERVICES[service].schema !== undefined) {
    const password = passwordOf(passwords.database, service)
    const url = serviceDatabaseUrl({ serverUrl: `postgresql://${postgres}/sluice`, service, password })
    lines.push(`SLUICE_DATABASE_URL=${url}`)
  }
  return `${lines.join('\n')}\n`
}
