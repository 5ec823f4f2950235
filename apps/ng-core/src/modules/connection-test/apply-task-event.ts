import { ConnectionPhase, type TaskEvent } from '@sluice/contracts/tasks'
import { z } from 'zod'
import type { Tx } from '../../deps.ts'
import { CONNECTION_TEST_CHANNEL } from './channel.ts'

/** A phases list under either name that a result may give it. */
const TestData = z.union([
  z.array(ConnectionPhase),
  z.object({ phases: z.array(ConnectionPhase) }).transform((data) => data.phases),
])

const SUMMARY_MAX = 2_048

export interface TestOutcome {
  status: 'SUCCESS' | 'FAILURE'
  phases: z.infer<typeof ConnectionPhase>[]
  error: { code: string; message: string } | undefined
}

/** What a task's result says about the connector. Pure. A phase that failed is a failure, whatever the result says. */
export function outcomeOf(result: Extract<TaskEvent, { kind: 'task.finished' }>['result']): TestOutcome {
  const data = TestData.safeParse(result.data)
  const phases = data.success ? data.data : []
  if (result.outcome === 'failed') {
    const { code, message } = result.failure
    return { status: 'FAILURE', phases, error: { code, message } }
  }
  const failed = phases.find((phase) => !phase.ok)
  if (failed === undefined) return { status: 'SUCCESS', phases, error: undefined }
  const message = failed.message ?? `The phase "${failed.phase}" failed.`
  return { status: 'FAILURE', phases, error: { code: 'CONNECTION_FAILED', message } }
}

/** Applies an event of the delegate task behind a test. Events of tests that are finished or gone change nothing. */
export async function applyTaskEvent(tx: Tx, accountId: string, event: TaskEvent): Promise<void> {
  switch (event.kind) {
    case 'task.assigned':
      await tx.connectionTest.updateMany({
        where: { accountId, id: event.taskId, status: 'RUNNING' },
        data: { delegateName: event.delegateName, waitingFor: null },
      })
      return
    case 'task.waiting':
      await tx.connectionTest.updateMany({
        where: { accountId, id: event.taskId, status: 'RUNNING' },
        data: { waitingFor: event.message },
      })
      return
    case 'task.finished':
      await finishTest(tx, accountId, event.taskId, outcomeOf(event.result), event.delegateName)
  }
}

/** Stores the outcome of a test that still runs, and what it says about its connector; wakes who waits. */
export async function finishTest(
  tx: Tx,
  accountId: string,
  testId: string,
  outcome: TestOutcome,
  delegateName?: string,
): Promise<void> {
  const now = new Date()
  const { count } = await tx.connectionTest.updateMany({
    where: { accountId, id: testId, status: 'RUNNING' },
    data: {
      status: outcome.status,
      phases: outcome.phases,
      ...(outcome.error === undefined ? {} : { error: outcome.error }),
      ...(delegateName === undefined ? {} : { delegateName }),
      finishedAt: now,
    },
  })
  if (count === 0) return
  const test = await tx.connectionTest.findUniqueOrThrow({ where: { accountId_id: { accountId, id: testId } } })
  await tx.connector.updateMany({
    // A connector that was changed since is not what was tried.
    where: { accountId, id: test.connectorId, version: test.connectorVersion },
    data: {
      status: outcome.status,
      testedAt: now,
      errorSummary: outcome.error?.message.slice(0, SUMMARY_MAX) ?? null,
      ...(outcome.status === 'SUCCESS' ? { lastConnectedAt: now } : {}),
    },
  })
  await tx.$executeRawUnsafe('select pg_notify($1, $2)', CONNECTION_TEST_CHANNEL, `${accountId}/${testId}`)
}
