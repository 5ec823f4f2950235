import { hostname } from 'node:os'
import {
  execute,
  tag,
  type ChangeLog,
  type ChangeSetFailure,
  type ExecuteEvent,
  type ExecuteResult,
  type Plan,
} from '@sluice/changelog'
import { AppError, ERROR_CODES } from '@sluice/contracts/errors'
import type { DbOperation, DbStepSpec } from '@sluice/contracts/tasks'
import type { Driver } from '@sluice/drivers'
import { runFetch } from '../modules/fetch/run-fetch.ts'
import { reportExecution } from '../modules/plan/report-execution.ts'
import { computePlan, countOf } from '../modules/plan/compute-plan.ts'
import { readStates } from '../modules/plan/report-changesets.ts'
import { runPreflight } from '../modules/preflight/run-preflight.ts'
import { failureOf } from '../modules/step/failure-of.ts'
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
    let failure: unknown
    try {
      await reporter.unit('Apply', async () => {
        result = await runPlan(spec, { plan, changelog, owner }, driver, context)
        requireSuccess(result)
        if (run.tag !== undefined) await tagAfter(run.tag, spec, driver, owner, context)
      })
    } catch (error) {
      failure = error
    }
    const done = { commit: source.commit, plan, changelog, result }
    tellDone(done, context)
    try {
      await reporter.unit('Report', () => reportStates(spec, done, driver, context))
    } catch (error) {
      // Why the apply failed says more than why its end could not be looked at; the log has both.
      failure ??= notReadBack(result, error)
    }
    if (failure !== undefined) throw failure
    return {
      planHash: plan.hash,
      commit: source.commit,
      deployedCount: result?.applied.length ?? 0,
      deploymentId: result?.deploymentId ?? null,
    }
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
    // The point that a rollback can go back to.
    startTag: `before-${context.attemptId}`.slice(0, 255),
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
  if (failed === undefined)
    throw new AppError(
      'STATEMENT_FAILED',
      'The changelog failed without naming a changeset. Look at the database and the lines above before you run the step again.',
    )
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

interface Done {
  commit: string
  plan: Plan
  changelog: ChangeLog
  result: ExecuteResult | undefined
}

/** What this run knows of itself, whatever became of the connection. */
function tellDone({ commit, plan, result }: Done, { reporter }: StepContext): void {
  reporter.output('preStartTag', result?.startTag ?? null)
  reporter.output('ChangeSets', JSON.stringify(changesetsOutput(result)))
  reporter.output('deployedCount', result?.applied.length ?? 0)
  reporter.output('failedCount', failuresOf(result).length)
  reporter.output('planHash', plan.hash)
  reporter.output('commit', commit)
}

/** Reads back what the database says now of every changeset. */
async function reportStates(
  spec: DbStepSpec,
  { changelog, result }: Done,
  driver: Driver,
  context: StepContext,
): Promise<void> {
  const { reporter } = context
  const failures = failuresOf(result)
  const signal = context.signal.aborted ? AbortSignal.timeout(REPORT_AFTER_CANCEL_MS) : context.signal
  const { changesets } = await readStates(spec, changelog, driver, { ...context, signal }, failures)
  const applied = result?.applied ?? []
  reporter.output('pendingCount', changesets.filter((entry) => entry.status === 'pending').length)
  const seconds = applied.reduce((sum, entry) => sum + entry.ms, 0) / 1000
  reporter.line('info', `${countOf(applied.length)} deployed in ${seconds.toFixed(3)} s, ${failures.length} failed`)
}

function failuresOf(result: ExecuteResult | undefined): ChangeSetFailure[] {
  return result === undefined ? [] : [...(result.failed ? [result.failed] : []), ...result.ignored]
}

/** The apply succeeded; only the look at its end did not. */
function notReadBack(result: ExecuteResult | undefined, cause: unknown): AppError {
  const { code, message } = failureOf(cause)
  const done = countOf(result?.applied.length ?? 0)
  return new AppError(
    ERROR_CODES.find((known) => known === code) ?? 'INTERNAL',
    `The apply itself succeeded (${done} deployed), but the state of the changesets could not be read back: ${message} Don't roll back; run a preview to see the state.`,
    { cause },
  )
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
