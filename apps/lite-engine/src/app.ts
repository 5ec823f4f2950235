import { join } from 'node:path'
import { status, type sendUnaryData, type UntypedHandleCall } from '@grpc/grpc-js'
import type { Logger } from 'pino'
import { createPodServer, streamEvents } from '@sluice/pod/grpc'
import type { ProcessIdentity, RunningProgram } from '@sluice/pod/program'
import {
  LiteEngineServiceService,
  type ExecuteStepResponse,
  type LiteEngineServiceServer,
  type SetupRequest,
  type SetupResponse,
} from '@sluice/proto/lite-engine'
import { Attempt, type AttemptEvent } from './modules/attempt/attempt.ts'
import { AttemptQueue } from './modules/attempt/attempt-queue.ts'
import { LogRegistry } from './modules/log/log-registry.ts'
import { writeInitLog } from './modules/log/write-init-log.ts'
import { openPod, type PodState } from './modules/pod/pod-state.ts'
import { StepChannels } from './modules/pod/step-channels.ts'

const VERSION = '0.0.0'
/** When the owner is gone, nobody waits for the rest of the log; this much is worth a try. */
const ORPHAN_SHIP_MS = 2_000
const ORPHAN_CANCEL_MS = 5_000

/** Starts the lite engine of one pod on the identity's address. */
export async function startLiteEngine(
  identity: ProcessIdentity,
  options: { spoolFolder: string; logger: Logger; exit: () => void },
): Promise<RunningProgram> {
  const channels = new StepChannels(identity)
  const attempts = new AttemptQueue()
  const logs = new LogRegistry(join(options.spoolFolder, 'spool'))
  let opening: { podId: string; pod: Promise<PodState> } | undefined
  let pod: PodState | undefined

  const open = async (request: SetupRequest): Promise<PodState> => {
    try {
      pod = await openPod(channels, request)
    } catch (error) {
      // A Setup that failed may be tried again.
      opening = undefined
      throw error
    }
    writeInitLog(pod, request, logs).catch((error: unknown) => options.logger.warn({ err: error }, 'init log'))
    return pod
  }
  const setup = async (request: SetupRequest): Promise<SetupResponse> => {
    if (opening && opening.podId !== request.podId) {
      throw Object.assign(new Error(`This lite engine belongs to the pod "${opening.podId}".`), {
        code: status.FAILED_PRECONDITION,
      })
    }
    opening ??= { podId: request.podId, pod: open(request) }
    return (await opening.pod).answer
  }

  const service: LiteEngineServiceServer & Record<string, UntypedHandleCall> = {
    ping: (_call, reply) => reply(null, { version: VERSION, podId: pod?.podId ?? '' }),
    setup: (call, reply) => void answer(reply, setup(call.request)),
    executeStep: (call) => {
      const current = pod
      if (current === undefined) {
        call.emit('error', { code: status.FAILED_PRECONDITION, details: 'The pod has had no Setup yet.' })
        return
      }
      const { attemptId, afterSeq } = call.request
      const attempt = attempts.attach(attemptId, () => new Attempt(call.request, current, logs))
      streamEvents<AttemptEvent, ExecuteStepResponse>(call, attempt.events, afterSeq, (entry) => entry).catch(
        (error: unknown) => options.logger.warn({ err: error, attemptId }, 'a reader was lost'),
      )
    },
    cancelStep: (call, reply) => void answer(reply, cancelStep(attempts, call.request)),
    shutdown: (call, reply) => {
      const ending = (async () => {
        await attempts.cancelAll('the pod is being cleaned up', call.request.graceMs)
        return { unshippedLines: await logs.close(call.request.graceMs) }
      })()
      void answer(reply, ending).then(options.exit)
    },
  }
  const server = await createPodServer(identity, (grpc) => grpc.addService(LiteEngineServiceService, service))
  return {
    port: server.port,
    stop: async () => {
      await attempts.cancelAll('the delegate of this pod is gone', ORPHAN_CANCEL_MS)
      await logs.close(ORPHAN_SHIP_MS)
      await pod?.close()
      channels.close()
      await server.close(0)
    },
  }
}

async function cancelStep(
  attempts: AttemptQueue,
  request: { attemptId: string; reason: string; waitMs: number },
): Promise<{ known: boolean; ended: boolean }> {
  const attempt = attempts.find(request.attemptId)
  if (attempt === undefined) return { known: false, ended: false }
  void attempt.cancel(request.reason)
  await Promise.race([attempt.ended, new Promise((resolve) => setTimeout(resolve, request.waitMs))])
  return { known: true, ended: attempt.events.isEnded }
}

async function answer<Response>(reply: sendUnaryData<Response>, work: Promise<Response>): Promise<void> {
  try {
    reply(null, await work)
  } catch (error) {
    const details = error instanceof Error ? error.message : String(error)
    const code =
      error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : status.UNKNOWN
    reply({ code, details })
  }
}
