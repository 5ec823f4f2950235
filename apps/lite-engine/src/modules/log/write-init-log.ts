import { cutLine } from '@sluice/pod/program'
import type { SetupRequest } from '@sluice/proto/lite-engine'
import { createMasker } from '@sluice/secrets/masking'
import type { PodState } from '../pod/pod-state.ts'
import type { LogRegistry } from './log-registry.ts'

/** Writes the log of the pod's own start: what the delegate has to say, then how each step container answered. */
export async function writeInitLog(pod: PodState, request: SetupRequest, logs: LogRegistry): Promise<void> {
  if (pod.log === undefined || request.initLogKey === '') return
  const masker = createMasker(pod.secrets.values())
  const { token } = pod.log
  const client = pod.log.client.inTrace(request.traceParent)
  const shipper = await logs.start({ token, client, key: request.initLogKey, onState: () => {} })
  for (const line of request.initLines) {
    shipper.append({ time: line.timeMs, level: 'info', text: cutLine(masker.maskText(line.text)) })
  }
  for (const step of pod.answer.steps) {
    const text = `Step container "${step.name}" answered after ${pod.connectMs.get(step.name) ?? 0} ms (version ${step.version})`
    shipper.append({ time: Date.now(), level: 'info', text })
  }
  logs.finish(shipper)
}
