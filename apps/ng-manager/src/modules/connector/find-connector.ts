import { ConnectorKind } from '@sluice/contracts/connectors'
import { AppError } from '@sluice/contracts/errors'
import { describeScope, resolveReference, type Scope } from '@sluice/contracts/ids'
import type { Actor } from '@sluice/service-kit'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'

export interface FoundConnector {
  id: string
  identifier: string
  /** Scope the connector lives in: references inside it are read from there. */
  scope: Scope
  kind: ConnectorKind
}

const Row = z.object({ id: z.string(), type: z.string(), spec: z.unknown() })

/**
 * Resolves a connector reference through the read grant on `ng.connectors_view`.
 * @param usedBy where the reference stands, for the sentence: `DB instance "orders_stg"`
 * @throws AppError REFERENCE_NOT_FOUND, ACCESS_DENIED, CONNECTOR_TYPE_MISMATCH
 */
export async function findConnector(
  deps: Pick<Deps, 'pool' | 'access'>,
  actor: Actor,
  wanted: { reference: string; from: Scope; usedBy: string },
): Promise<FoundConnector> {
  const { scope, identifier } = resolveReference(wanted.reference, wanted.from)
  const { rows } = await deps.pool.query(
    `select id, type, spec from ng.connectors_view
      where account_id = $1 and org_identifier is not distinct from $2
        and project_identifier is not distinct from $3 and identifier = $4`,
    [scope.accountId, scope.orgIdentifier ?? null, scope.projectIdentifier ?? null, identifier],
  )
  if (rows.length === 0) {
    throw new AppError(
      'REFERENCE_NOT_FOUND',
      `There is no connector "${identifier}" in ${describeScope(scope)}; ${wanted.usedBy} refers to it as "${wanted.reference}". Create the connector, or correct the reference.`,
      { details: { reference: wanted.reference, usedBy: wanted.usedBy } },
    )
  }
  await deps.access.require(actor, 'core_connector_access', scope)
  const row = Row.parse(rows[0])
  const kind = ConnectorKind.safeParse({ type: row.type, spec: row.spec })
  if (!kind.success) {
    throw new AppError(
      'CONNECTOR_TYPE_MISMATCH',
      `The connector "${wanted.reference}" of ${wanted.usedBy} has type "${row.type}" with a specification that this version can't use. Save the connector again, or refer to another one.`,
      { cause: kind.error },
    )
  }
  return { id: row.id, identifier, scope, kind: kind.data }
}

/** @throws AppError CONNECTOR_TYPE_MISMATCH */
export function typeMismatch(
  connector: FoundConnector,
  wanted: { reference: string; usedBy: string },
  needed: string,
): AppError {
  return new AppError(
    'CONNECTOR_TYPE_MISMATCH',
    `The connector "${wanted.reference}" of ${wanted.usedBy} has type "${connector.kind.type}", but ${needed} is needed there. Refer to another connector.`,
    { details: { reference: wanted.reference, type: connector.kind.type } },
  )
}
