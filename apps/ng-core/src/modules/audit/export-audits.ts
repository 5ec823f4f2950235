import { Readable } from 'node:stream'
import type { AuditFilter, StoredAuditEvent } from '@sluice/contracts/audit-routes'
import type { Deps } from '../../deps.ts'
import { auditsWhere, toStoredAudit } from './list-audits.ts'

/** Events that are read and written at a time: the reader's pace decides when the next are read. */
const BATCH_SIZE = 500

const COLUMNS: readonly (readonly [string, (event: StoredAuditEvent) => string])[] = [
  ['sequence', (event) => String(event.sequence)],
  ['time', (event) => new Date(event.time).toISOString()],
  ['action', (event) => event.action],
  ['resource type', (event) => event.resource.type],
  ['resource identifier', (event) => event.resource.identifier],
  ['resource name', (event) => event.resource.name ?? ''],
  ['organisation', (event) => event.scope.orgIdentifier ?? ''],
  ['project', (event) => event.scope.projectIdentifier ?? ''],
  ['principal type', (event) => event.principal.type],
  ['principal', (event) => event.principal.id],
  ['principal name', (event) => event.principal.name],
  ['module', (event) => event.module],
  ['address', (event) => event.source?.ip ?? ''],
  ['correlation id', (event) => event.source?.correlationId ?? ''],
  ['before', (event) => (event.before === undefined ? '' : JSON.stringify(event.before))],
  ['after', (event) => (event.after === undefined ? '' : JSON.stringify(event.after))],
  ['hash', (event) => event.hash],
]

/** RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe before it. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function line(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\r\n`
}

/** The events of a filter as CSV, newest first: as many as there were when it began. */
export function exportAudits(
  deps: Pick<Deps, 'prisma'>,
  accountId: string,
  filter: AuditFilter,
  signal: AbortSignal,
): Readable {
  return Readable.from(auditLines(deps, accountId, filter, signal), { objectMode: false })
}

async function* auditLines(
  deps: Pick<Deps, 'prisma'>,
  accountId: string,
  filter: AuditFilter,
  signal: AbortSignal,
): AsyncGenerator<string> {
  yield line(COLUMNS.map(([head]) => head))
  const where = auditsWhere(accountId, filter)
  let before: bigint | undefined
  while (!signal.aborted) {
    const rows = await deps.prisma.auditEvent.findMany({
      where: { ...where, ...(before === undefined ? {} : { sequence: { lt: before } }) },
      orderBy: { sequence: 'desc' },
      take: BATCH_SIZE,
    })
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
      .map(toStoredAudit)
      .map((event) => line(COLUMNS.map(([, read]) => read(event))))
      .join('')
    before = last.sequence
  }
}
