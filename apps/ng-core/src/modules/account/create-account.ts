import { randomUUID } from 'node:crypto'
import { FEATURE_FLAGS } from '@sluice/contracts/accounts'
import { AppError } from '@sluice/contracts/errors'
import { newId } from '@sluice/contracts/ids'
import { mintDelegateToken } from '@sluice/delegate-protocol/tokens'
import type { Tx } from '../../deps.ts'
import { appendAudit } from '../audit/append-audit.ts'
import { hashPassword } from '../session/password.ts'

/** Organisation and project that every account begins with. */
export const FIRST_ORGANIZATION = 'default'
export const FIRST_PROJECT = 'default_project'
export const FIRST_DELEGATE_TOKEN = 'default_token'

export interface NewAccount {
  /** Given where something outside has to know it before the commit. */
  accountId?: string
  name: string
  email: string
  password: string
}

export interface CreatedAccount {
  accountId: string
  userId: string
  /** Value of the account's default delegate token; it exists only here. */
  delegateToken: string
}

/** Hashes the password, then gives back the work to do in a transaction: hashing has no place in one. */
export async function prepareAccount(input: NewAccount): Promise<(tx: Tx) => Promise<CreatedAccount>> {
  const email = input.email.trim().toLowerCase()
  if (input.password.length < 12) {
    throw new AppError('INVALID_REQUEST', 'The first password must have at least 12 characters.')
  }
  const passwordHash = await hashPassword(input.password)
  const accountId = input.accountId ?? newId('acc')
  const userId = newId('usr')
  const tokenId = newId('tok')
  const { token, publicKey } = mintDelegateToken({ accountId, tokenId })
  return async (tx) => {
    await tx.account.create({ data: { id: accountId, name: input.name } })
    await tx.auditChain.create({ data: { accountId } })
    await tx.featureFlag.createMany({ data: FEATURE_FLAGS.map((name) => ({ accountId, name, enabled: true })) })
    const words = { description: '', tags: {} }
    await tx.organization.create({ data: { accountId, identifier: FIRST_ORGANIZATION, name: 'default', ...words } })
    await tx.project.create({
      data: {
        accountId,
        orgIdentifier: FIRST_ORGANIZATION,
        identifier: FIRST_PROJECT,
        name: 'Default Project',
        ...words,
      },
    })
    await tx.user.create({ data: { accountId, id: userId, email, name: 'Administrator', passwordHash } })
    await tx.roleAssignment.create({ data: { accountId, id: randomUUID(), userId, role: 'admin' } })
    await tx.delegateToken.create({
      data: { accountId, id: tokenId, name: FIRST_DELEGATE_TOKEN, publicKey, namePattern: '*', allowedTags: '*' },
    })
    await appendAudit(
      tx,
      { accountId, principal: { type: 'SYSTEM', id: 'system', name: 'ng-core' }, correlationId: newId('req') },
      {
        action: 'CREATE',
        resource: { type: 'account', identifier: accountId, name: input.name },
        after: {
          name: input.name,
          user: email,
          organization: FIRST_ORGANIZATION,
          project: FIRST_PROJECT,
          delegateToken: FIRST_DELEGATE_TOKEN,
        },
      },
    )
    return { accountId, userId, delegateToken: token }
  }
}
