import type { SubmitTask } from '@sluice/contracts/tasks'

/** A delegate as the choice sees it. */
export interface Candidate {
  id: string
  name: string
  tags: readonly string[]
  orgIdentifier?: string
  projectIdentifier?: string
  capabilities: readonly string[]
  capacity: number
  /** Tasks it holds or is being offered. */
  load: number
  connected: boolean
  draining: boolean
  state: string
  replicaId?: string
  /** Milliseconds since 1970. */
  lastHeartbeatAt?: number
}

export interface Choice {
  chosen?: Candidate
  /** One sentence for each delegate that was passed over. */
  passedOver: string[]
}

/** Why this delegate can't take the task; undefined where it can. */
function refusal(
  candidate: Candidate,
  task: SubmitTask,
  rejections: Readonly<Record<string, string>>,
  now: number,
): string | undefined {
  if (task.delegateId !== undefined && candidate.id !== task.delegateId) return 'another delegate holds the pod'
  if (candidate.state === 'awaitingApproval') return 'awaits approval'
  if (candidate.state !== 'enrolled') return `is ${candidate.state}`
  if (!candidate.connected) {
    const seconds =
      candidate.lastHeartbeatAt === undefined ? undefined : Math.round((now - candidate.lastHeartbeatAt) / 1000)
    return seconds === undefined ? 'has never connected' : `is not connected (last heard of ${seconds} s ago)`
  }
  if (candidate.draining) return 'is draining'
  const { orgIdentifier, projectIdentifier } = task.scope
  if (candidate.orgIdentifier !== undefined && candidate.orgIdentifier !== orgIdentifier)
    return `belongs to organisation "${candidate.orgIdentifier}"`
  if (candidate.projectIdentifier !== undefined && candidate.projectIdentifier !== projectIdentifier)
    return `belongs to project "${candidate.projectIdentifier}"`
  const labels = new Set([candidate.name, ...candidate.tags].map((label) => label.toLowerCase()))
  const missing = task.selectors.filter(({ selector }) => !labels.has(selector.toLowerCase()))
  if (missing.length > 0)
    return `lacks the selector ${missing.map(({ selector, origin }) => `"${selector}" (from the ${origin})`).join(', ')}`
  const unable = task.capabilities.filter((capability) => !candidate.capabilities.includes(capability))
  if (unable.length > 0) return `can't do ${unable.map((capability) => `"${capability}"`).join(', ')}`
  if (candidate.load >= candidate.capacity) return `is at its capacity of ${candidate.capacity} tasks`
  const rejected = rejections[candidate.id]
  return rejected === undefined ? undefined : `declined (${rejected})`
}

/** Picks the least loaded delegate that matches scope, selectors and capabilities. Pure. */
export function chooseDelegate(
  candidates: readonly Candidate[],
  task: SubmitTask,
  rejections: Readonly<Record<string, string>>,
  now: number,
): Choice {
  const passedOver: string[] = []
  const able: Candidate[] = []
  for (const candidate of candidates) {
    const reason = refusal(candidate, task, rejections, now)
    if (reason === undefined) able.push(candidate)
    else passedOver.push(`"${candidate.name}" ${reason}`)
  }
  const [chosen] = able.toSorted((one, other) => one.load / one.capacity - other.load / other.capacity)
  return { chosen, passedOver }
}

/** The sentence a person reads while, or because, no delegate takes a task. */
export function explainChoice(choice: Choice): string {
  if (choice.passedOver.length === 0) {
    return 'No delegate is installed in this account. Install one with a delegate token (docs/guides/install-a-delegate.md shows how), then run again.'
  }
  return `No delegate can take the task: ${choice.passedOver.join('; ')}. Start or fix one of them, or change the selectors.`
}
