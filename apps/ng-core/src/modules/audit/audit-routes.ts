import { listAudits as listContract, verifyAudits as verifyContract } from '@sluice/contracts/audit-routes'
import { AppError } from '@sluice/contracts/errors'
import type { Mount } from '../../routes.ts'
import { listAudits } from './list-audits.ts'
import { verifyAudits } from './verify-audits.ts'

export function mountAuditRoutes({ route, deps }: Mount): void {
  route(listContract, ({ actor, body, query }) => listAudits(deps, actor.accountId, body, query))
  route(verifyContract, ({ actor, query }) => {
    if ((query.sequence === undefined) !== (query.hash === undefined)) {
      throw new AppError('INVALID_REQUEST', 'An older head is its "sequence" and its "hash": give both or neither.')
    }
    const known =
      query.sequence === undefined || query.hash === undefined
        ? undefined
        : { sequence: query.sequence, hash: query.hash }
    return verifyAudits(deps, actor.accountId, known)
  })
}
