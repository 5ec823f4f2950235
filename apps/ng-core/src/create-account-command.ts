import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { isAppError } from '@sluice/contracts/errors'
import { createPool, createPrismaAdapter } from '@sluice/database'
import { PrismaClient } from './generated/prisma/client.ts'
import { prepareAccount } from './modules/account/create-account.ts'
import { writePrivateFile } from './modules/account/first-boot.ts'

const USAGE = `usage: main.ts create-account --name <name> --email <e-mail> --password-file <file> [--delegate-token-file <file>]
Makes an account with its first organisation, project, administrator and delegate token, and prints its id as JSON.
Needs SLUICE_DATABASE_URL. There is no public route for this.
`

/**
 * Runs a command of the operator. Accounts are made here only.
 * @returns the exit code
 */
export async function runCreateAccount(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const url = env['SLUICE_DATABASE_URL']
  const { values } = parseArgs({
    args,
    options: {
      name: { type: 'string' },
      email: { type: 'string' },
      'password-file': { type: 'string' },
      'delegate-token-file': { type: 'string' },
    },
    strict: false,
  })
  const { name, email, 'password-file': passwordFile, 'delegate-token-file': tokenFile } = values
  if (
    command !== 'create-account' ||
    url === undefined ||
    typeof name !== 'string' ||
    typeof email !== 'string' ||
    typeof passwordFile !== 'string'
  ) {
    process.stderr.write(USAGE)
    return 2
  }
  const pool = createPool({ url, applicationName: 'ng-core create-account', max: 1 })
  const prisma = new PrismaClient({ adapter: createPrismaAdapter(pool, 'ng') })
  try {
    const password = (await readFile(passwordFile, 'utf8')).trim()
    const create = await prepareAccount({ name, email, password })
    const { accountId, userId, delegateToken } = await prisma.$transaction(async (tx) => {
      const created = await create(tx)
      if (typeof tokenFile === 'string') await writePrivateFile(tokenFile, created.delegateToken)
      return created
    })
    process.stdout.write(
      `${JSON.stringify({ accountId, userId, ...(tokenFile === undefined ? { delegateToken } : {}) })}\n`,
    )
    return 0
  } catch (error) {
    if (!isAppError(error)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  } finally {
    await prisma.$disconnect()
    await pool.end()
  }
}
