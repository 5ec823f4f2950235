import { AppError } from '@sluice/contracts/errors'
import { describeScope, resolveReference, type Scope } from '@sluice/contracts/ids'
import type { Tx } from '../../deps.ts'
import { scopeColumns } from '../scope/require-scope.ts'

export interface ResolvedSecret {
  id: string
  /** Current version of the value. */
  version: number
  /** Scope that the secret itself lives in. */
  scope: Scope
}

/**
 * Finds the secret that a reference written in `from` points at.
 * @param path where the reference stands, for the sentence
 * @throws AppError REFERENCE_NOT_FOUND
 */
export async function resolveSecret(tx: Tx, reference: string, from: Scope, path: string): Promise<ResolvedSecret> {
  if (reference.startsWith('org.') && from.orgIdentifier === undefined) {
    throw new AppError(
      'REFERENCE_NOT_FOUND',
      `${path} names "${reference}", but nothing in the account itself can refer to an organisation. Write "account.…".`,
    )
  }
  const { scope, identifier } = resolveReference(reference, from)
  const secret = await tx.secret.findFirst({
    where: { ...scopeColumns(scope), identifier },
    select: { id: true, currentVersion: true },
  })
  if (secret !== null) return { id: secret.id, version: secret.currentVersion, scope }
  throw new AppError(
    'REFERENCE_NOT_FOUND',
    `${path} names the secret "${reference}", but there is no secret "${identifier}" in ${describeScope(scope)}. Create it, or write "org." or "account." before the identifier of one above.`,
  )
}
