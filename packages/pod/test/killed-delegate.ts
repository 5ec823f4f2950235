import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createProcessRuntime, type PodSpec, type StepRequest } from '../src/index.ts'
import { podSpec, programs } from './programs.ts'

/** What the delegate is to do besides having a pod. */
export interface KilledDelegateOrder {
  environment: Record<string, string>
  spec: Partial<PodSpec>
  step: StepRequest
}

/** A delegate with one pod, for a test to kill. Tells its parent which processes and which folder it has. */
const folder = process.argv[2] ?? ''
const order: KilledDelegateOrder | undefined = process.argv[3] ? JSON.parse(process.argv[3]) : undefined
const before = new Set(await readdir(join(folder, 'pods')))
const runtime = await createProcessRuntime({
  stateFolder: folder,
  programs,
  warmSlots: 0,
  environment: order?.environment ?? {},
})
const pod = await runtime.init(podSpec('pod-of-the-killed', order?.spec))
const name = (await readdir(join(folder, 'pods'))).find((entry) => !before.has(entry)) ?? ''
const marker: unknown = JSON.parse(await readFile(join(folder, 'pods', name, 'owner.json'), 'utf8'))
const pids = (marker as { children: { pid: number }[] }).children.map(({ pid }) => pid)
process.send?.({ pids, folder: name })
if (order) for await (const event of pod.execute(order.step)) process.send?.(event)
setInterval(() => {}, 60_000)
