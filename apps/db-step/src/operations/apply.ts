import { hostname } from 'node:os'
import {
  execute,
  status,
  tag,
  type ChangeLog,
  type ExecuteEvent,
  type ExecuteResult,
  type Plan,
} from '@sluice/changelog'
import { AppError } from '@sluice/contracts/errors'
import type { DbOperation, DbStepSpec } from '@sluice/contracts/tasks'
import type { Driver } from '@sluice/drivers'
import { runFetch } from '../modules/fetch/run-fetch.ts'
import { reportExecution } from '../modules/plan/report-execution.ts'
import { computePlan, countOf } from '../modules/plan/compute-plan.ts'
import { readStates } from '../modules/plan/report-changesets.ts'
import { runPreflight } from '../modules/preflight/run-preflight.ts'
import { clock, type StepContext } from '../modules/step/step-context.ts'

type ApplyOperation = Extract<DbOperation, { operation: 'apply' }>

/** After a cancel the state is still worth knowing, but nobody waits long for it. */
const REPORT_AFTER_CANCEL_MS = 10_000

/**
 * Apply: computes the plan anew from the pinned commit, refuses when it isn't the one that was previewed, runs exactly it
 * and reports the state of every changeset, also after a failure or a cancel.
 */
export async function apply(spec: DbStepSpec, run: ApplyOperation, context: StepContext): Promise<unknown> {
  const { reporter } = context
  const source = await runFetch(spec.source, context)
  const driver = await runPreflight(spec.target, 'write', context)
  try {
    const { plan, changelog } = await reporter.unit('Plan', async () => {
      const computed = await computePlan(spec, source, driver, context)
      if (run.planHash !== undefined && run.planHash !== computed.plan.hash)
        throw planMoved(run.planHash, computed.plan)
      return computed
    })
    const owner = `${context.attemptId} on ${hostname()}`
    let result: ExecuteResult | undefined
    let preStartTag: string | null = null
    let failure: unknown
    try {
      await reporter.unit('Apply', async () => {
        preStartTag = await tagBefore(spec, driver, owner, context)
        result = await runPlan(spec, { plan, changelog, owner }, driver, context)
        requireSuccess(result)
        if (run.tag !== undefined) await tagAfter(run.tag, spec, driver, owner, context)
      })
    } catch (error) {
      failure = error
    }
    const body = await reporter.unit('Report', () =>
      report(spec, { commit: source.commit, plan, changelog, result, preStartTag }, driver, context),
    )
    if (failure !== undefined) throw failure
    return body
  } finally {
    await driver.close()
  }
}

function planMoved(expected: string, plan: Plan): AppError {
  return new AppError(
    'PLAN_MOVED',
    `Nothing was run: the plan of this database is no longer the one that was previewed (previewed ${expected.slice(0, 12)}, now ${plan.hash.slice(0, 12)}). Somebody changed the database, the changelog or the settings in between. Run the preview again and look at it.`,
    {
      details: {
        previewed: expected,
        now: plan.hash,
        database: plan.database,
        toRun: plan.steps.map((step) => step.changeSet),
      },
    },
  )
}

/**
 * Makes the point that a rollback can go back to: the tag of the last changeset in the history, set now where it has
 * none. Null for an empty history.
 */
async function tagBefore(
  spec: DbStepSpec,
  driver: Driver,
  owner: string,
  context: StepContext,
): Promise<string | null> {
  const { history } = await status(driver, undefined, { signal: context.signal })
  const last = history.rows.toSorted((a, b) => a.orderExecuted - b.orderExecuted).at(-1)
  if (last === undefined) return null
  if (last.tag !== null && last.tag !== '') return last.tag
  const name = `before-${context.attemptId}`.slice(0, 255)
  await tag(driver, name, { clock, owner, lockWaitMs: spec.lockWaitMs, signal: context.signal })
  context.reporter.line('info', `Tagged the last deployed changeset "${name}"`)
  return name
}

async function tagAfter(
  name: string,
  spec: DbStepSpec,
  driver: Driver,
  owner: string,
  context: StepContext,
): Promise<void> {
  await tag(driver, name, { clock, owner, lockWaitMs: spec.lockWaitMs, signal: context.signal })
  context.reporter.line('info', `Tagged the database "${name}"`)
}

async function runPlan(
  spec: DbStepSpec,
  what: { plan: Plan; changelog: ChangeLog; owner: string },
  driver: Driver,
  context: StepContext,
): Promise<ExecuteResult> {
  const { reporter, signal } = context
  if (what.plan.steps.length === 0) reporter.line('info', 'The database is up to date: nothing to run')
  return execute(driver, what.plan, what.changelog, {
    clock,
    owner: what.owner,
    lockWaitMs: spec.lockWaitMs,
    onEvent: (event: ExecuteEvent) => reportExecution(event, reporter),
    signal,
  })
}

function requireSuccess(result: ExecuteResult): void {
  if (result.status === 'succeeded') return
  if (result.status === 'aborted') {
    const done = countOf(result.applied.length)
    throw new AppError('ABORTED', `The step was cancelled after ${done}; the one that was running is rolled back.`)
  }
  const { failed } = result
  if (failed === undefined) throw new AppError('STATEMENT_FAILED', 'The changelog failed without naming a changeset.')
  const { changeSet, at, statement, statementIndex, outcome, reason } = failed
  // Not the database's `detail`: it may hold values of rows, which stay in the customer's network.
  const { message = null, sqlState = null, position = null, hint = null } = failed.database ?? {}
  throw new AppError(failed.code, withStatement(failed.sentence, statement), {
    details: {
      reason,
      changeSet,
      at,
      statement,
      statementIndex,
      database: { message, sqlState, position, hint },
      outcome,
      notRun: result.notRun,
    },
  })
}

/** Most characters of a statement in a sentence; the details hold more, the file all of it. */
const STATEMENT_IN_SENTENCE = 1_000

function withStatement(sentence: string, statement: string | null): string {
  const text = statement?.trim() ?? ''
  if (text === '') return sentence
  return `${sentence} The statement: ${text.length > STATEMENT_IN_SENTENCE ? `${text.slice(0, STATEMENT_IN_SENTENCE)} …` : text}`
}

async function report(
  spec: DbStepSpec,
  done: {
    commit: string
    plan: Plan
    changelog: ChangeLog
    result: ExecuteResult | undefined
    preStartTag: string | null
  },
  driver: Driver,
  context: StepContext,
): Promise<unknown> {
  const { reporter } = context
  const { result, plan } = done
  const failures = result === undefined ? [] : [...(result.failed ? [result.failed] : []), ...result.ignored]
  const signal = context.signal.aborted ? AbortSignal.timeout(REPORT_AFTER_CANCEL_MS) : context.signal
  const { changesets } = await readStates(spec, done.changelog, driver, { ...context, signal }, failures)
  const applied = result?.applied ?? []
  reporter.output('preStartTag', done.preStartTag)
  reporter.output('ChangeSets', JSON.stringify(changesetsOutput(result)))
  reporter.output('deployedCount', applied.length)
  reporter.output('pendingCount', changesets.filter((entry) => entry.status === 'pending').length)
  reporter.output('failedCount', failures.length)
  reporter.output('planHash', plan.hash)
  reporter.output('commit', done.commit)
  reporter.document('changesets', changesets)
  const seconds = applied.reduce((sum, entry) => sum + entry.ms, 0) / 1000
  reporter.line('info', `${countOf(applied.length)} deployed in ${seconds.toFixed(3)} s, ${failures.length} failed`)
  return {
    planHash: plan.hash,
    commit: done.commit,
    deployedCount: applied.length,
    deploymentId: result?.deploymentId ?? null,
  }
}

/** What this run did, in the words of the public outputs. */
function changesetsOutput(result: ExecuteResult | undefined): unknown[] {
  if (result === undefined) return []
  const applied = result.applied.map(({ changeSet, execType, orderExecuted, tag: tagged }) => ({
    id: changeSet.id,
    author: changeSet.author,
    filePath: changeSet.filePath,
    status: 'deployed',
    execType,
    orderExecuted,
    tag: tagged,
  }))
  const failed = result.failed ? [{ ...pick(result.failed.changeSet), status: 'failed' }] : []
  return [...applied, ...failed]
}

function pick({ id, author, filePath }: { id: string; author: string; filePath: string }) {
  return { id, author, filePath }
}
