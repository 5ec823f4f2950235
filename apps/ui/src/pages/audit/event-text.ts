import type { Output } from '../../api/call.ts'
import { scopeText } from '../../api/reference.ts'

export type AuditEvent = Output<'listAudits'>['content'][number]

/** "DB_INSTANCE", "delegateToken" → "db instance", "delegate token". */
export function resourceText(type: string): string {
  return type
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase()
}

/** Project of an event as `org/project`, else what it belongs to. */
export function placeText(scope: AuditEvent['scope']): string {
  return scope.projectIdentifier === undefined
    ? scopeText(scope)
    : `${scope.orgIdentifier ?? ''}/${scope.projectIdentifier}`
}
