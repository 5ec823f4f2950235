import {
  exportAudits as exportContract,
  getAuditFilters as filtersContract,
  listAudits as listContract,
  verifyAudits as verifyContract,
} from '@sluice/contracts/audit-routes'
import { AppError } from '@sluice/contracts/errors'
import type { Mount } from '../../routes.ts'
import { exportAudits } from './export-audits.ts'
import { getAuditFilters } from './get-audit-filters.ts'
import { listAudits } from './list-audits.ts'
import { verifyAudits } from './verify-audits.ts'

export function mountAuditRoutes({ route, deps }: Mount): void {
  route(listContract, ({ actor, body, query }) => listAudits(deps, actor.accountId, body, query))
  route(filtersContract, ({ actor }) => getAuditFilters(deps, actor.accountId))
  route(exportContract, ({ actor, query, reply, signal }) =>
    reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', 'attachment; filename="audit.csv"')
      .header('cache-control', 'no-store')
      .send(exportAudits(deps, actor.accountId, query, signal)),
  )
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
