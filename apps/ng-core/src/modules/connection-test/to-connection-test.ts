import { ConnectionTest } from '@sluice/contracts/connectors'

interface ConnectionTestRow {
  id: string
  status: string
  waitingFor: string | null
  delegateName: string | null
  phases: unknown
  error: unknown
  createdAt: Date
  finishedAt: Date | null
}

/** A row as it is told. */
export function toConnectionTest(row: ConnectionTestRow): ConnectionTest {
  return ConnectionTest.parse({
    testId: row.id,
    status: row.status,
    startedAt: row.createdAt.getTime(),
    finishedAt: row.finishedAt?.getTime(),
    delegateName: row.delegateName ?? undefined,
    phases: row.phases,
    waitingFor: row.status === 'RUNNING' ? (row.waitingFor ?? undefined) : undefined,
    error: row.error ?? undefined,
  })
}
