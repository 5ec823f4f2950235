import { Principal } from '@sluice/contracts/access'
import { isAppError } from '@sluice/contracts/errors'
import { reportStep } from '@sluice/contracts/steps'
import type { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { Execution } from '../../generated/prisma/client.ts'

/** Body of a report as it is stored; the contract's body schema reads it back. */
const StoredReport = reportStep.body

/** Attempts after which a report that is refused (not: unreachable) is left for a person to look at. */
const REFUSALS_MAX = 20

/** Sends the finished attempts that ng-manager has not acknowledged. What fails stays stored and is tried again. */
export async function sendReports(
  deps: Deps,
  execution: Pick<Execution, 'accountId' | 'id' | 'principal'>,
  signal: AbortSignal,
): Promise<void> {
  const { accountId, id: executionId } = execution
  const unsent = await deps.prisma.stepReport.findMany({
    where: { accountId, executionId, sentAt: null, attempts: { lt: REFUSALS_MAX } },
    orderBy: { createdAt: 'asc' },
  })
  for (const report of unsent) {
    const key = { accountId_attemptId: { accountId, attemptId: report.attemptId } }
    try {
      const body: z.output<typeof StoredReport> = StoredReport.parse(report.body)
      await deps.client.call(
        reportStep,
        { params: { attemptId: report.attemptId }, body },
        {
          onBehalfOf: { accountId, principal: Principal.parse(execution.principal) },
          correlationId: executionId,
          signal,
          timeoutMs: 30_000,
        },
      )
      await deps.prisma.stepReport.update({ where: key, data: { sentAt: new Date(deps.now()), lastError: null } })
    } catch (error) {
      if (signal.aborted) return
      const refused = isAppError(error) && error.kind === 'user'
      deps.logger.warn({ err: error, executionId, attemptId: report.attemptId }, 'report not taken; tried again')
      await deps.prisma.stepReport.update({
        where: key,
        data: {
          lastError: error instanceof Error ? error.message : String(error),
          ...(refused ? { attempts: { increment: 1 } } : {}),
        },
      })
    }
  }
}
