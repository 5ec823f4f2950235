import { readFile } from 'node:fs/promises'
import { TOKEN_PLACEHOLDER, type DelegateInstall } from '@sluice/contracts/delegates'
import { AppError } from '@sluice/contracts/errors'
import type { Scope } from '@sluice/contracts/ids'
import type { Deps } from '../../deps.ts'
import { notFound } from '../scope/entity-errors.ts'
import { scopeColumns } from '../scope/require-scope.ts'
import { installCommands } from './install-commands.ts'

/** What install commands hold of this installation; undefined where nobody said at which address delegates reach it. */
export async function installSource(
  deps: Pick<Deps, 'config'>,
): Promise<{ serviceUrl: string; caCertificate: string | undefined } | undefined> {
  const { delegatePublicUrl, publicUrl, publicCaFile } = deps.config
  const serviceUrl = (delegatePublicUrl ?? publicUrl)?.replace(/\/$/, '')
  if (serviceUrl === undefined) return undefined
  return {
    serviceUrl,
    caCertificate: publicCaFile === undefined ? undefined : await readFile(publicCaFile, 'utf8'),
  }
}

/** @throws AppError ENTITY_NOT_FOUND for an unknown token; INVALID_STATE for a revoked one, and without an address */
export async function getInstall(
  deps: Pick<Deps, 'config' | 'prisma'>,
  scope: Scope,
  input: { tokenName?: string; delegateName: string; tags?: string },
): Promise<DelegateInstall> {
  if (input.tokenName !== undefined) {
    const token = await deps.prisma.delegateToken.findFirst({
      where: { ...scopeColumns(scope), name: input.tokenName },
      select: { status: true },
    })
    if (token === null) throw notFound('delegate token', input.tokenName, scope)
    if (token.status !== 'ACTIVE') {
      throw new AppError('INVALID_STATE', `The delegate token "${input.tokenName}" is revoked. Make another one.`)
    }
  }
  const tags = (input.tags ?? '').split(',').filter((tag) => tag !== '')
  const source = await installSource(deps)
  if (source === undefined) {
    throw new AppError(
      'INVALID_STATE',
      'Nobody told this installation at which address delegates reach it. Set SLUICE_DELEGATE_PUBLIC_URL of ng-core.',
    )
  }
  return installCommands({ ...source, delegateName: input.delegateName, tags, token: TOKEN_PLACEHOLDER })
}
