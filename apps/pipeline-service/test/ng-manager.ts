import { AppError } from '@sluice/contracts/errors'
import { newId } from '@sluice/contracts/ids'
import { cancelStep, reportStep, submitStep, type SubmitStep } from '@sluice/contracts/steps'
import { createIdentity, createServer, registerRoute } from '@sluice/service-kit'
import { until, type CertificateFiles } from '@sluice/testing'
import pino from 'pino'

export interface Submission {
  kind: SubmitStep['kind']
  attemptId: string
  executionId: string
  taskId: string
  accountId: string
  body: SubmitStep
}

export interface Report {
  attemptId: string
  taskId: string
  outcome: string
}

/** ng-manager's three step routes, over mutual TLS and by their contracts; tasks by attempt and kind, as it promises. */
export interface NgManager {
  url: string
  /** Every request, repetitions included. */
  submissions: Submission[]
  reports: Report[]
  cancels: { attemptId: string; taskId: string; reason: string }[]
  /** What to do with a submission before it is answered. */
  beforeAnswer: (submission: Submission, signal: AbortSignal) => Promise<void>
  beforeReport: (report: Report) => void
  /** The first submission of this kind for an execution. */
  submitted(executionId: string, kind: SubmitStep['kind'], step?: string): Promise<Submission>
  /** Other requests are answered with SERVICE_UNAVAILABLE meanwhile. */
  isDown: boolean
  stop(): Promise<void>
}

export async function startNgManager(options: { tls: CertificateFiles; caFile: string }): Promise<NgManager> {
  const tls = { certFile: options.tls.certFile, keyFile: options.tls.keyFile, caFile: options.caFile }
  const identity = createIdentity(tls)
  const logger = pino({ level: 'silent' })
  const http = { host: '127.0.0.1', port: 0 }
  const config = { service: 'ng-manager', http, health: http, tls, destinations: {}, logLevel: 'silent' } as const
  const app = createServer({ config, identity, logger, listener: 'internal' })
  const tasks = new Map<string, string>()
  const manager: NgManager = {
    url: '',
    submissions: [],
    reports: [],
    cancels: [],
    beforeAnswer: async () => undefined,
    beforeReport: () => undefined,
    isDown: false,
    submitted: (executionId, kind, step) =>
      until(
        async () =>
          manager.submissions.find(
            ({ body, ...submission }) =>
              submission.executionId === executionId &&
              body.kind === kind &&
              (step === undefined || (body.kind === 'pod.execute' && body.step.identifier === step)),
          ),
        { what: `${kind} of ${step ?? executionId} to be submitted`, deadlineMs: 25_000 },
      ),
    stop: async () => {
      await app.close()
      identity.close()
    },
  }
  const refuseWhenDown = (): void => {
    if (manager.isDown) throw new AppError('SERVICE_UNAVAILABLE', 'The service restarts.')
  }
  registerRoute(app, submitStep, {
    service: 'ng-manager',
    logger,
    handler: async ({ body, actor, signal }) => {
      refuseWhenDown()
      const key = `${actor.accountId}/${body.context.attemptId}/${body.kind}`
      const taskId = tasks.get(key) ?? newId('tsk')
      tasks.set(key, taskId)
      const { attemptId, executionId } = body.context
      const submission = { kind: body.kind, attemptId, executionId, taskId, accountId: actor.accountId, body }
      manager.submissions.push(submission)
      await manager.beforeAnswer(submission, signal)
      return { taskId }
    },
  })
  registerRoute(app, cancelStep, {
    service: 'ng-manager',
    logger,
    handler: ({ params, body }) => {
      refuseWhenDown()
      manager.cancels.push({ attemptId: params.attemptId, ...body })
      return undefined
    },
  })
  registerRoute(app, reportStep, {
    service: 'ng-manager',
    logger,
    handler: ({ params, body }) => {
      refuseWhenDown()
      const report = { attemptId: params.attemptId, taskId: body.taskId, outcome: body.result.outcome }
      manager.beforeReport(report)
      manager.reports.push(report)
      return undefined
    },
  })
  manager.url = await app.listen(http)
  return manager
}
