import { z } from 'zod'
import { layoutOf } from './folder/layout.ts'
import { issueIdentities } from './identities/issue-identities.ts'
import { prepareStores } from './stores/prepare-stores.ts'

const Env = z.object({
  /** Below it, each volume of the installation by its owner's name. */
  SLUICE_SETUP_FOLDER: z.string(),
  SLUICE_HOSTNAME: z.string().min(1).default('localhost'),
  /** Where people reach the gateway. */
  SLUICE_PUBLIC_URL: z.url({ protocol: /^https$/ }).default('https://localhost'),
  SLUICE_POSTGRES: z.string().default('postgres:5432'),
  SLUICE_REDIS: z.string().default('redis:6379'),
})

const print = (text: string): void => void process.stdout.write(`${text}\n`)

async function main([job]: string[]): Promise<number> {
  const env = Env.parse(process.env)
  const layout = layoutOf(env.SLUICE_SETUP_FOLDER)
  const stores = { postgres: env.SLUICE_POSTGRES, redis: env.SLUICE_REDIS }
  if (job === 'issue') {
    await issueIdentities(layout, { hostname: env.SLUICE_HOSTNAME, ...stores })
    print('Certificates, keys and passwords are in the volumes of those who need them.')
    return 0
  }
  if (job === 'prepare') {
    const { applied, firstPassword } = await prepareStores(layout, stores)
    print(applied.length === 0 ? 'The schemas were up to date.' : `Applied ${applied.length} migrations.`)
    if (firstPassword !== undefined) {
      print(
        [
          '',
          `Sluice: ${new URL(env.SLUICE_PUBLIC_URL).origin}`,
          '  First account, shown only now:',
          '    user      admin@localhost',
        ]
          .concat(`    password  ${firstPassword}`, '')
          .join('\n'),
      )
    }
    return 0
  }
  process.stderr.write(`"${job ?? ''}" is not a job. Name one: issue, prepare.\n`)
  return 2
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exitCode = 1
}
