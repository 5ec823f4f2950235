import type { ExecutionGraph, GraphNode } from '@sluice/contracts/execution-graph'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { CopyButton } from '../../design/copy-button.tsx'
import { Facts } from '../../design/page.tsx'
import { EmptyState } from '../../design/states.tsx'
import { isFinal } from '../../design/status.ts'
import { durationText } from '../../design/time.tsx'
import classes from './node-panel.module.css'
import { outputsOf, podStepOf, textAt } from './step-facts.ts'

const DELEGATES_PAGE: string = '/account/delegates'
const RUNTIMES: Record<string, string> = {
  process: 'as processes on the delegate’s machine',
  docker: 'in Docker',
  kubernetes: 'in Kubernetes',
}

/** Who ran the step, in which pod; while it waits, for what. */
export function DelegateTab({ node, graph }: { node: GraphNode; graph: ExecutionGraph }) {
  const [delegate] = node.delegateInfoList
  const pod = podStepOf(graph, node)
  const podOutputs = pod === undefined ? {} : outputsOf(pod)
  const podId = textAt(podOutputs, 'podId')
  const waitsFor = isFinal(node.status) ? undefined : node.progressData?.message
  if (delegate === undefined && waitsFor === undefined) {
    return (
      <EmptyState title="No delegate yet">
        {node.startTs === null ? 'A delegate takes the step when it begins.' : 'No delegate has taken this step.'}
      </EmptyState>
    )
  }
  const rows: (readonly [string, ReactNode])[] = []
  if (waitsFor !== undefined) rows.push(['Waits for', <span key="waits">{waitsFor}</span>])
  if (delegate !== undefined) {
    rows.push([
      'Delegate',
      <span key="delegate">
        <Link to={DELEGATES_PAGE} className={classes.link}>
          {delegate.name}
        </Link>{' '}
        <Id value={delegate.id} label="Copy delegate id" />
      </span>,
    ])
    if (delegate.taskId !== null) rows.push(['Task', <Id key="task" value={delegate.taskId} label="Copy task id" />])
  }
  if (podId !== undefined) {
    rows.push(['Pod', <Id key="pod" value={podId} label="Copy pod id" />])
    rows.push(['Pod runs', podText(podOutputs)])
  }
  return <Facts rows={rows} />
}

function podText(outputs: Record<string, unknown>): string {
  const runtime = textAt(outputs, 'runtime') ?? ''
  const { readyMs, warm } = outputs
  const how = RUNTIMES[runtime] ?? runtime
  if (typeof readyMs !== 'number') return how
  return `${how}, ready after ${durationText(readyMs)}${warm === true ? ' (from a warm one)' : ''}`
}

function Id({ value, label }: { value: string; label: string }) {
  return (
    <span className={classes.id}>
      <code>{value}</code>
      <CopyButton value={value} label={label} />
    </span>
  )
}
