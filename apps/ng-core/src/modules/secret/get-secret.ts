import type { Scope } from '@sluice/contracts/ids'
import type { SecretUsage } from '@sluice/contracts/secrets'
import type { Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'
import { notFound } from '../scope/entity-errors.ts'
import { scopeColumns } from '../scope/require-scope.ts'
import { withUsage } from './find-usage.ts'
import { toSecret } from './to-secret.ts'

/** A secret without its value, with what uses it. @throws AppError ENTITY_NOT_FOUND */
export async function getSecret(
  deps: Pick<Deps, 'prisma' | 'pool'>,
  actor: Actor,
  scope: Scope,
  identifier: string,
): Promise<SecretUsage> {
  const row = await deps.prisma.secret.findFirst({ where: { ...scopeColumns(scope), identifier } })
  if (row === null) throw notFound('secret', identifier, scope)
  const [told] = await withUsage(deps, actor, [{ id: row.id, told: toSecret(row) }])
  if (told === undefined) throw notFound('secret', identifier, scope)
  return told
}
