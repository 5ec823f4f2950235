import { AppError } from '@sluice/contracts/errors'
import { newId } from '@sluice/contracts/ids'
import {
  EnrolmentRequest,
  intersectEnrolment,
  verifyEnrolment,
  type EnrolmentResponse,
} from '@sluice/delegate-protocol'
import { recordAudit } from '@sluice/service-kit'
import { z } from 'zod'
import type { Deps, Tx } from '../../deps.ts'
import type { Delegate } from '../../generated/prisma/client.ts'
import { announceDelegate } from './announce-delegate.ts'

const TokenKey = z.object({
  name: z.string(),
  orgIdentifier: z.string().nullable(),
  projectIdentifier: z.string().nullable(),
  publicKey: z.string(),
  namePattern: z.string(),
  allowedTags: z.union([z.literal('*'), z.array(z.string())]),
  requiresApproval: z.boolean(),
  status: z.string(),
})

async function loadTokenKey(deps: Deps, accountId: string, tokenId: string): Promise<z.infer<typeof TokenKey>> {
  const { rows } = await deps.pool.query(
    `select name, org_identifier as "orgIdentifier", project_identifier as "projectIdentifier", public_key as "publicKey",
            name_pattern as "namePattern", allowed_tags as "allowedTags", requires_approval as "requiresApproval", status
       from ng.delegate_token_keys where account_id = $1 and id = $2`,
    [accountId, tokenId],
  )
  const [key] = z.array(TokenKey).parse(rows)
  if (key === undefined || key.status !== 'ACTIVE') {
    throw new AppError(
      'DELEGATE_TOKEN_INVALID',
      'The delegate token is unknown or revoked. Make a new one and give it to the delegate.',
    )
  }
  return key
}

/** What decides which tasks and secrets a delegate gets. */
function auditedOf(delegate: Delegate): Record<string, unknown> {
  const { name, tags, orgIdentifier, projectIdentifier, tokenId, sealingKey, state } = delegate
  return { name, tags, orgIdentifier, projectIdentifier, tokenId, sealingKey, state }
}

async function auditEnrolment(
  tx: Tx,
  key: z.infer<typeof TokenKey>,
  delegate: Delegate,
  change: { before?: Record<string, unknown>; after: Record<string, unknown> },
): Promise<void> {
  const { accountId, id, name, tokenId, orgIdentifier, projectIdentifier } = delegate
  await recordAudit(tx, {
    actor: {
      accountId,
      principal: { type: 'SYSTEM', id: tokenId, name: `delegate token "${key.name}"` },
      correlationId: id,
    },
    action: 'ENROL',
    resource: { type: 'DELEGATE', identifier: id, name },
    scope: {
      accountId,
      ...(orgIdentifier === null ? {} : { orgIdentifier }),
      ...(projectIdentifier === null ? {} : { projectIdentifier }),
    },
    ...change,
  })
}

/**
 * Enrols a delegate's own keys (section 2 of docs/protocol/delegate.md). The same identity key again answers the same id.
 * Throws DELEGATE_TOKEN_INVALID, INVALID_TOKEN, INVALID_REQUEST.
 */
export async function enrolDelegate(deps: Deps, body: unknown): Promise<EnrolmentResponse> {
  const parsed = EnrolmentRequest.safeParse(body)
  if (!parsed.success) {
    throw new AppError(
      'INVALID_REQUEST',
      'The body is not an enrolment request (docs/protocol/delegate.md, section 2).',
      {
        details: parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
      },
    )
  }
  const { accountId, tokenId } = parsed.data
  const key = await loadTokenKey(deps, accountId, tokenId)
  const claims = await verifyEnrolment({ request: parsed.data, tokenPublicKey: key.publicKey, now: deps.now() })
  const scope = { orgIdentifier: key.orgIdentifier ?? undefined, projectIdentifier: key.projectIdentifier ?? undefined }
  const granted = intersectEnrolment({ scope, namePattern: key.namePattern, allowedTags: key.allowedTags }, claims)
  if (!granted.ok) throw new AppError('INVALID_REQUEST', granted.message)

  const state = key.requiresApproval ? 'awaitingApproval' : 'enrolled'
  const stored = await deps.transact(async (tx) => {
    const known = await tx.delegate.findUnique({
      where: { accountId_identityKey: { accountId, identityKey: claims.identityKey } },
    })
    const data = {
      name: granted.name,
      tags: granted.tags,
      orgIdentifier: granted.scope.orgIdentifier ?? null,
      projectIdentifier: granted.scope.projectIdentifier ?? null,
      tokenId,
      sealingKey: claims.sealingKey,
      version: claims.delegateVersion,
    }
    if (known !== null) {
      if (known.state === 'revoked')
        throw new AppError(
          'DELEGATE_TOKEN_INVALID',
          `Delegate "${known.name}" was revoked. Remove its state folder and enrol it anew.`,
        )
      // Another token is another permission: a person looks at it anew where that token asks for it.
      const enrolledAs = known.tokenId === tokenId ? {} : { state }
      const renewed = await tx.delegate.update({
        where: { accountId_id: { accountId, id: known.id } },
        data: { ...data, ...enrolledAs },
      })
      const change = { before: auditedOf(known), after: auditedOf(renewed) }
      // The same again is no event; a delegate that lost an answer enrols once more.
      if (JSON.stringify(change.before) !== JSON.stringify(change.after)) await auditEnrolment(tx, key, renewed, change)
      return renewed
    }
    const created = await tx.delegate.create({
      data: { accountId, id: newId('dlg'), identityKey: claims.identityKey, state, ...data },
    })
    await auditEnrolment(tx, key, created, { after: auditedOf(created) })
    return created
  })
  await announceDelegate(deps, accountId, stored.id)
  return {
    delegateId: stored.id,
    name: granted.name,
    tags: granted.tags,
    droppedTags: granted.droppedTags,
    scope: granted.scope,
    state: stored.state === 'awaitingApproval' ? 'awaitingApproval' : 'enrolled',
  }
}
