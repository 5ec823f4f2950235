import { createPeriodic, createWorker, type Runner } from '@sluice/database'
import type { Deps } from '../deps.ts'
import { settleExecution } from '../modules/execution/settle-execution.ts'
import { REFUSALS_MAX } from '../modules/report/send-reports.ts'

const RECONCILE_EVERY_MS = 15_000
/** Executions of each kind that one pass of the reconciler brings to rest. Drawn at random: stuck ones starve nobody. */
const PASS_SIZE = 200

/** Brings executions to rest when they are woken. A second wake-up while one runs is remembered, not run beside it. */
export function createWakeWorker(deps: Deps): Runner {
  const settling = new Map<string, { again: boolean }>()
  return createWorker({
    redis: deps.config.redisUrl,
    queue: 'pipeline.wake',
    concurrency: 16,
    onError: (error) => deps.logger.error({ err: error }, 'execution not settled; the reconciler tries again'),
    handle: async ({ accountId, id }, signal) => {
      const key = `${accountId}/${id}`
      const running = settling.get(key)
      if (running !== undefined) {
        running.again = true
        return
      }
      const own = { again: false }
      settling.set(key, own)
      try {
        do {
          own.again = false
          await settleExecution(deps, accountId, id, signal)
        } while (own.again && !signal.aborted)
      } finally {
        settling.delete(key)
      }
    },
  })
}

/** Finds executions whose effects were not carried out, whose timers passed, or whose reports were not taken. */
export function createReconciler(deps: Deps): Runner {
  return createPeriodic({
    url: deps.config.databaseUrl,
    onError: (error) => deps.logger.error({ err: error }, 'reconciler'),
    tasks: [
      {
        name: 'pipeline.reconcile',
        everyMs: RECONCILE_EVERY_MS,
        run: async () => {
          const due = await deps.prisma.$queryRaw<{ account_id: string; id: string }[]>`
            (select account_id, id from execution
              where unsettled or (ended_at is null and due_at <= now())
              order by random() limit ${PASS_SIZE})
            union
            (select account_id, execution_id from step_report
              where sent_at is null and attempts < ${REFUSALS_MAX}
              order by random() limit ${PASS_SIZE})`
          for (const row of due) await deps.queues.wake('pipeline.wake', { accountId: row.account_id, id: row.id })
        },
      },
    ],
  })
}
