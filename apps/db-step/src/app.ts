import { status, type UntypedHandleCall } from '@grpc/grpc-js'
import type { Logger } from 'pino'
import { createPodServer, streamEvents } from '@sluice/pod/grpc'
import type { ProcessIdentity, RunningProgram } from '@sluice/pod/program'
import { StepServiceService, type ExecuteResponse, type StepServiceServer } from '@sluice/proto/step'
import { StepAttempt } from './modules/step/step-attempt.ts'
import type { StepEvent } from './modules/step/step-reporter.ts'
import { OPERATIONS } from './operations/names.ts'

const VERSION = '0.0.0'
/** Long enough for a statement to be cancelled on the server and for its transaction to roll back. */
const ORPHAN_CANCEL_MS = 6_000

/** Starts the step container for databases on the identity's address. */
export async function startDbStep(
  identity: ProcessIdentity,
  options: { logger: Logger; gitCaFile?: string },
): Promise<RunningProgram> {
  const attempts = new Map<string, StepAttempt>()
  const surroundings = {
    workspace: identity.workspace,
    ...(options.gitCaFile === undefined ? {} : { gitCaFile: options.gitCaFile }),
  }
  const service: StepServiceServer & Record<string, UntypedHandleCall> = {
    ping: (_call, reply) => reply(null, { version: VERSION, operations: [...OPERATIONS] }),
    execute: (call) => {
      const { attemptId, afterSeq } = call.request
      if (attemptId === '') {
        call.emit('error', { code: status.INVALID_ARGUMENT, details: 'An attempt needs an id.' })
        return
      }
      const attempt = attempts.get(attemptId) ?? new StepAttempt(call.request, surroundings)
      attempts.set(attemptId, attempt)
      streamEvents<StepEvent, ExecuteResponse>(call, attempt.events, afterSeq, (entry) => entry).catch(
        (error: unknown) => options.logger.warn({ err: error, attemptId }, 'a reader was lost'),
      )
    },
    cancel: (call, reply) => {
      const attempt = attempts.get(call.request.attemptId)
      if (attempt === undefined) {
        reply(null, { known: false, ended: false })
        return
      }
      attempt.cancel(call.request.reason)
      void within(attempt.ended, call.request.waitMs).then(() =>
        reply(null, { known: true, ended: attempt.events.isEnded }),
      )
    },
  }
  const server = await createPodServer(identity, (grpc) => grpc.addService(StepServiceService, service))
  return {
    port: server.port,
    stop: async () => {
      for (const attempt of attempts.values()) attempt.cancel('the pod is gone')
      await within(Promise.all([...attempts.values()].map((attempt) => attempt.ended)), ORPHAN_CANCEL_MS)
      await server.close(0)
    },
  }
}

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}
