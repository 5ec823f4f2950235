import { Principal } from '@sluice/contracts/access'
import { isAppError } from '@sluice/contracts/errors'
import { reportStep } from '@sluice/contracts/steps'
import type { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { Execution } from '../../generated/prisma/client.ts'

/** Body of a report as it is stored; the contract's body schema reads it back. */
const StoredReport = reportStep.body

/** Attempts after which a report that is refused (not: unreachable) is left for a person to look at. */
export const REFUSALS_MAX = 20

const REFUSED = { sentAt: null, attempts: { gte: REFUSALS_MAX } }

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
      const { attempts } = await deps.prisma.stepReport.update({
        where: key,
        data: {
          lastError: error instanceof Error ? error.message : String(error),
          ...(refused ? { attempts: { increment: 1 } } : {}),
        },
      })
      const line = { err: error, executionId, attemptId: report.attemptId, attempts }
      if (attempts < REFUSALS_MAX) deps.logger.warn(line, 'report not taken; tried again')
      else deps.logger.error(line, 'report refused for good: DB DevOps does not know the outcome of this step')
      // The others would wait for the same edge.
      if (!refused) return
    }
  }
}

/** Reports that were given up, as a gauge: each is a step whose outcome DB DevOps doesn't show. */
export function measureRefusedReports(deps: Deps): void {
  deps.metrics.addGauge(
    'sluice_step_reports_refused',
    'Reports of finished steps that ng-manager refused for good.',
    () => deps.prisma.stepReport.count({ where: REFUSED }),
  )
}
