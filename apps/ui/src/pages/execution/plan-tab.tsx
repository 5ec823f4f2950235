import type { ExecutionGraph, GraphNode } from '@sluice/contracts/execution-graph'
import { useQuery } from '@tanstack/react-query'
import { call, type Output } from '../../api/call.ts'
import { ApiProblem } from '../../api/problem.ts'
import { useProject } from '../../api/project.ts'
import { CopyButton } from '../../design/copy-button.tsx'
import { SqlView } from '../../design/sql-view.tsx'
import { EmptyState, FailedState, LoadingRows } from '../../design/states.tsx'
import classes from './plan-tab.module.css'
import { readPlan, type ReadPlan } from './read-plan.ts'
import { databaseOf, planHashOf, textAt } from './step-facts.ts'
import { useShownCount } from './use-shown-count.tsx'

/** The plan that a preview made or an apply ran: every changeset with the SQL as the database gets it. */
export function PlanTab({ node, graph }: { node: GraphNode; graph: ExecutionGraph }) {
  const { org, project } = useProject()
  const database = databaseOf(node)
  const hash = planHashOf(graph, node)
  const plan = useQuery({
    queryKey: ['plan', org, project, database, hash],
    enabled: database !== undefined && hash !== undefined,
    queryFn: ({ signal }) =>
      call(
        'getPlan',
        {
          params: {
            org,
            project,
            schema: database?.schema ?? '',
            instance: database?.instance ?? '',
            hash: hash ?? '',
          },
        },
        { signal },
      ),
    // A plan is what it is: its hash says so.
    staleTime: Infinity,
  })
  if (hash === undefined) {
    return (
      <EmptyState title="No plan yet">
        {node.failureInfo === null
          ? 'The plan shows here when the step has made it.'
          : 'The step failed before it had made a plan.'}
      </EmptyState>
    )
  }
  if (plan.error instanceof ApiProblem && plan.error.status === 404) {
    return (
      <EmptyState title="This plan is not kept">
        Plans are kept of previews only. Put a preview before the apply, and the apply runs exactly the plan that you
        saw. The statements that ran are in the log.
      </EmptyState>
    )
  }
  if (plan.error !== null) return <FailedState error={plan.error} onRetry={() => void plan.refetch()} />
  if (plan.data === undefined) return <LoadingRows rows={6} />
  return <PlanView node={node} stored={plan.data} plan={readPlan(plan.data.plan)} />
}

function PlanView({ node, stored, plan }: { node: GraphNode; stored: Output<'getPlan'>; plan: ReadPlan }) {
  const { shown, more } = useShownCount(plan.changesets.length)
  return (
    <div className={classes.plan}>
      <p className={classes.verdict} data-tone={verdictTone(node)}>
        <strong>{verdict(node, plan.changesets.length)}</strong>{' '}
        <span className={classes.dim}>
          {countText(plan.changesets.length, 'changeset')}, {countText(stored.statementCount, 'statement')}
          {plan.skippedCount === 0 ? '' : `, ${plan.skippedCount.toLocaleString()} passed over`}
        </span>
        <span className={classes.hash}>
          <code title={stored.hash}>{stored.hash.slice(0, 12)}</code>
          <CopyButton value={stored.hash} label="Copy plan hash" />
        </span>
      </p>
      {plan.notices.map((notice) => (
        <p key={notice} className={classes.notice}>
          {notice}
        </p>
      ))}
      {plan.changesets.length === 0 ? (
        <EmptyState title="Nothing to run">The database is up to date with the changelog.</EmptyState>
      ) : null}
      {plan.changesets.slice(0, shown).map((changeset, index) => (
        <article key={`${changeset.file}::${changeset.id}::${changeset.author}`} className={classes.changeset}>
          <header>
            <span className={classes.order}>{index + 1}</span>
            <strong>{changeset.id}</strong>
            <span className={classes.dim}>by {changeset.author}</span>
            <code className={classes.dim}>
              {changeset.file}
              {changeset.line === undefined ? '' : `:${changeset.line}`}
            </code>
            {changeset.notes.map((note) => (
              <span key={note} className={classes.note}>
                {note}
              </span>
            ))}
          </header>
          {changeset.comment === undefined ? null : <p className={classes.dim}>{changeset.comment}</p>}
          {changeset.sql === '' ? (
            <p className={classes.dim}>No statement: only its row in the history is written.</p>
          ) : (
            <SqlView sql={changeset.sql} label={`SQL of ${changeset.id}`} />
          )}
        </article>
      ))}
      {more}
    </div>
  )
}

function verdict(node: GraphNode, changesets: number): string {
  if (node.stepType === 'DBSchemaUpdateSQL') return 'An apply after this preview runs exactly this.'
  if (node.status === 'SUCCEEDED') return changesets === 0 ? 'Nothing had to run.' : 'Exactly this plan was applied.'
  if (textAt(node.outcomes['output'] ?? null, 'planHash') !== undefined) {
    return 'This plan was begun and did not end well: the output says what ran.'
  }
  return node.endTs === null ? 'Exactly this plan is to be applied.' : 'This plan was to be applied.'
}

function verdictTone(node: GraphNode): string {
  if (node.stepType === 'DBSchemaUpdateSQL' || node.endTs === null) return 'plain'
  return node.status === 'SUCCEEDED' ? 'success' : 'failure'
}

function countText(count: number, what: string): string {
  return `${count.toLocaleString()} ${count === 1 ? what : `${what}s`}`
}
