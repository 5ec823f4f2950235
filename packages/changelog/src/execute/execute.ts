import type { DatabaseIdentity, Driver } from '@sluice/drivers/driver'
import { abortedAs } from '../abort.ts'
import type { Clock } from '../clock.ts'
import { ChangelogError } from '../error.ts'
import { identityKey, rowIdentity, type HistoryRow } from '../history/history-row.ts'
import { createMissingTables, historyTables, type HistoryTables } from '../history/tables.ts'
import { deploymentIdAt, rewriteChecksum, tagNewestRow } from '../history/write-history.ts'
import { ChangelogLock } from '../lock/lock.ts'
import type { ChangeLog, ChangeSetId } from '../model/change-log.ts'
import { hashPlan } from '../plan/hash-plan.ts'
import type { Plan } from '../plan/plan.ts'
import { prepare, type PlanOptions, type Preparation } from '../plan/prepare.ts'
import { checkMayApply } from './check-may-apply.ts'
import type { AppliedChangeSet, ChangeSetFailure, ExecuteEvent } from './events.ts'
import { runChangeSet, type RunContext } from './run-change-set.ts'
import { SessionGuard } from './session-guard.ts'

export interface ExecuteOptions {
  clock: Clock
  /** Who runs this, e.g. `<attempt id> on <host>`: told to whoever meets the lock. */
  owner: string
  /** How long to wait for a held lock: 0 (refuse at once) by default. */
  lockWaitMs?: number
  /**
   * Names the state before the run, for a rollback to go back to: put on the newest row of the history under the run's
   * own lock, when there is something to run and that row has no tag yet.
   */
  startTag?: string
  /** Hears what happens, in order. Must not throw. */
  onEvent?: (event: ExecuteEvent) => void
  signal?: AbortSignal
}

export interface ExecuteResult {
  status: 'succeeded' | 'failed' | 'aborted'
  deploymentId: string
  applied: AppliedChangeSet[]
  /** The changeset that ended the run. */
  failed?: ChangeSetFailure
  /** Failures of changesets with `failOnError: false`. */
  ignored: ChangeSetFailure[]
  /** Planned but not reached. */
  notRun: ChangeSetId[]
  /** The tag that was set at the end. */
  tag: string | null
  /** The tag of the state before the run: `startTag`, or the one that was there; null for an empty history. */
  startTag: string | null
  /** False when the connection was lost with the lock row set: the next run takes it over. */
  lockReleased: boolean
}

/**
 * Runs exactly this plan: takes the lock, makes the plan again and refuses unless it is the same, then runs each changeset
 * and its history row in one transaction. A changeset that fails is a result; what it did is rolled back, what came
 * before it stays, and the lock is free again. An abort cancels the running statement on the server and rolls back.
 *
 * @throws ChangelogError before anything is changed: PLAN_FOR_OTHER_DATABASE, PLAN_OUTDATED, CHANGELOG_LOCKED,
 * APPLY_NOT_PERMITTED, LOCK_NOT_SESSION_BOUND, ABORTED, and everything that `plan` throws.
 */
export async function execute(
  driver: Driver,
  plan: Plan,
  changelog: ChangeLog,
  options: ExecuteOptions,
): Promise<ExecuteResult> {
  const emit = options.onEvent ?? (() => undefined)
  const stopNotices = driver.onNotice((message) => emit({ kind: 'notice', message }))
  try {
    return await new Execution(driver, plan, changelog, options, emit).run()
  } finally {
    stopNotices()
  }
}

/** The history table is only ever locked for an instant. */
const TABLE_LOCK_TIMEOUT_MS = 5_000

class Execution {
  readonly #driver: Driver
  readonly #plan: Plan
  readonly #changelog: ChangeLog
  readonly #options: ExecuteOptions
  readonly #emit: (event: ExecuteEvent) => void
  readonly #result: ExecuteResult

  constructor(
    driver: Driver,
    plan: Plan,
    changelog: ChangeLog,
    options: ExecuteOptions,
    emit: (event: ExecuteEvent) => void,
  ) {
    this.#driver = driver
    this.#plan = plan
    this.#changelog = changelog
    this.#options = options
    this.#emit = emit
    this.#result = {
      status: 'succeeded',
      deploymentId: deploymentIdAt(options.clock.now()),
      applied: [],
      ignored: [],
      notRun: plan.steps.map((step) => step.changeSet),
      tag: null,
      startTag: null,
      lockReleased: true,
    }
  }

  async run(): Promise<ExecuteResult> {
    const { signal } = this.#options
    const lock = await abortedAs('Applying', signal, async () => {
      const tables = await this.#check()
      if (this.#nothingToDo()) {
        const { history } = await this.#prepareSame()
        this.#result.startTag = tagOf(history.rows.at(-1))
        return undefined
      }
      return this.#takeLock(tables)
    })
    if (lock === undefined) return this.#result
    try {
      const preparation = await abortedAs('Applying', signal, () => this.#prepareSame())
      await this.#apply(preparation)
    } finally {
      this.#result.lockReleased = await lock.release()
      this.#emit({ kind: 'lockReleased', released: this.#result.lockReleased })
    }
    return this.#result
  }

  /** The refusals that need no lock. */
  async #check(): Promise<HistoryTables> {
    const { signal } = this.#options
    if (hashPlan(this.#plan) !== this.#plan.hash) {
      throw new ChangelogError(
        'PLAN_OUTDATED',
        `The plan "${this.#plan.hash}" is not what it was when it was made. Make a new preview`,
      )
    }
    const database = await this.#driver.identity(signal)
    refuseOtherDatabase(this.#plan.database, database)
    const tables = historyTables(this.#plan.history, database.schema)
    if (!this.#nothingToDo()) await checkMayApply(this.#driver, tables, signal)
    return tables
  }

  #nothingToDo(): boolean {
    return this.#plan.steps.length === 0 && this.#plan.checksumUpgrades.length === 0 && this.#plan.tag === null
  }

  async #takeLock(tables: HistoryTables): Promise<ChangelogLock> {
    const { clock, owner, lockWaitMs, signal } = this.#options
    const lock = await ChangelogLock.take(this.#driver, tables, {
      clock,
      owner,
      lockWaitMs: lockWaitMs ?? 0,
      signal,
      onWaiting: (heldBy, since) => this.#emit({ kind: 'lockWaiting', heldBy, since }),
      onTablesCreated: (created) => this.#emit({ kind: 'tablesCreated', tables: created }),
    })
    this.#emit({ kind: 'lockTaken', owner: lock.owner, takenOverFrom: lock.takenOverFrom })
    return lock
  }

  /** Makes the plan again and sees that it is the same. */
  async #prepareSame(): Promise<Preparation> {
    const { plan } = this
    const preparation = await prepare(this.#driver, this.#changelog, plan)
    if (preparation.plan.hash === this.#plan.hash) return preparation
    throw new ChangelogError(
      'PLAN_OUTDATED',
      `The database or the changelog has moved since the plan was made: ${difference(this.#plan, preparation.plan)}. Make a new preview`,
      {
        details: { plan: this.#plan.hash, now: preparation.plan.hash },
      },
    )
  }

  get plan(): PlanOptions {
    const { history, contexts, labelFilter, tag, session, changelog } = this.#plan
    return {
      contexts,
      ...(labelFilter === null ? {} : { labelFilter }),
      ...(tag === null ? {} : { tag }),
      ...(changelog.commit === null ? {} : { commit: changelog.commit }),
      history,
      lockTimeoutMs: session.lockTimeoutMs,
      ...(this.#options.signal === undefined ? {} : { signal: this.#options.signal }),
    }
  }

  async #apply(preparation: Preparation): Promise<void> {
    const driver = this.#driver
    await driver.begin()
    await driver.execute(`SET LOCAL lock_timeout = ${TABLE_LOCK_TIMEOUT_MS}`)
    const created = await createMissingTables(driver, preparation.tables, 'history')
    await this.#upgradeChecksums(preparation)
    const isTagged = await this.#tagStart(preparation)
    await driver.commit()
    if (created.length > 0) this.#emit({ kind: 'tablesCreated', tables: created })
    if (isTagged && this.#result.startTag !== null) this.#emit({ kind: 'tagged', tag: this.#result.startTag })
    await this.#runSteps(preparation)
    if (this.#result.status === 'succeeded' && this.#plan.tag !== null)
      await this.#tag(preparation.tables, this.#plan.tag)
  }

  /** @returns whether a tag was written. */
  async #tagStart({ steps, tables, history }: Preparation): Promise<boolean> {
    const newest = history.rows.at(-1)
    const { startTag } = this.#options
    this.#result.startTag = tagOf(newest)
    if (newest === undefined || startTag === undefined || steps.length === 0 || this.#result.startTag !== null)
      return false
    await tagNewestRow(this.#driver, tables, startTag)
    this.#result.startTag = startTag
    return true
  }

  async #upgradeChecksums({ plan, tables, history }: Preparation): Promise<void> {
    const rows = new Map(history.rows.map((row) => [identityKey(rowIdentity(row)), row]))
    for (const upgrade of plan.checksumUpgrades) {
      const row = rows.get(identityKey(upgrade.changeSet))
      if (row === undefined) continue
      await rewriteChecksum(this.#driver, tables, row, upgrade.to)
      this.#emit({ kind: 'checksumUpgraded', ...upgrade })
    }
  }

  async #runSteps({ steps, tables, history, session }: Preparation): Promise<void> {
    const { clock, signal } = this.#options
    const context: RunContext = {
      driver: this.#driver,
      tables,
      guard: new SessionGuard(this.#driver, session),
      lockTimeoutMs: this.#plan.session.lockTimeoutMs,
      deploymentId: this.#result.deploymentId,
      clock,
      emit: this.#emit,
      signal,
    }
    let orderExecuted = Math.max(0, ...history.rows.map((row) => row.orderExecuted))
    for (const [index, step] of steps.entries()) {
      if (signal?.aborted === true) {
        this.#result.status = 'aborted'
        return
      }
      const { changeSet, at } = step.planned
      this.#emit({ kind: 'changeSetStarted', changeSet, at, index, total: steps.length })
      const outcome = await runChangeSet(context, step, orderExecuted + 1)
      this.#result.notRun.shift()
      if (outcome.kind === 'applied') {
        orderExecuted += 1
        this.#result.applied.push(outcome.applied)
        this.#emit({ kind: 'changeSetApplied', applied: outcome.applied, index, total: steps.length })
      } else if (outcome.kind === 'skipped') {
        this.#emit({ kind: 'changeSetSkipped', changeSet, at, sentence: outcome.sentence, index, total: steps.length })
      } else if (!this.#failed(outcome.failure, step.planned.failOnError, index, steps.length)) return
    }
  }

  /** @returns whether the run goes on. */
  #failed(failure: ChangeSetFailure, failOnError: boolean, index: number, total: number): boolean {
    const fatal =
      failure.reason === 'ABORTED' || failure.reason === 'CONNECTION_LOST' || failure.reason === 'PRECONDITION_FAILED'
    const continues = !failOnError && !fatal
    this.#emit({ kind: 'changeSetFailed', failure, index, total, continues })
    if (continues) {
      this.#result.ignored.push(failure)
      return true
    }
    this.#result.failed = failure
    this.#result.status = failure.reason === 'ABORTED' ? 'aborted' : 'failed'
    return false
  }

  async #tag(tables: HistoryTables, tag: string): Promise<void> {
    await this.#driver.begin()
    await tagNewestRow(this.#driver, tables, tag)
    await this.#driver.commit()
    this.#result.tag = tag
    this.#emit({ kind: 'tagged', tag })
  }
}

function tagOf(row: HistoryRow | undefined): string | null {
  return row?.tag === '' ? null : (row?.tag ?? null)
}

function refuseOtherDatabase(planned: DatabaseIdentity, actual: DatabaseIdentity): void {
  const same =
    planned.dialect === actual.dialect &&
    planned.systemIdentifier === actual.systemIdentifier &&
    planned.database === actual.database &&
    planned.schema === actual.schema
  if (same) return
  const name = (identity: DatabaseIdentity) =>
    `"${identity.database}", schema "${identity.schema}", server ${identity.systemIdentifier}`
  throw new ChangelogError(
    'PLAN_FOR_OTHER_DATABASE',
    `The plan was made for ${name(planned)}, but this is ${name(actual)}. Make a preview on this database`,
    {
      details: { planned, actual },
    },
  )
}

/** What a person should look at first. */
function difference(before: Plan, now: Plan): string {
  if (before.session.role !== now.session.role || before.session.searchPath !== now.session.searchPath)
    return 'the role or search path of the session differs'
  if (before.steps.length !== now.steps.length)
    return `it had ${before.steps.length} changesets to run, now there are ${now.steps.length}`
  const moved = now.steps.find((step, index) => JSON.stringify(step) !== JSON.stringify(before.steps[index]))
  return moved === undefined
    ? 'its settings differ'
    : `changeset "${moved.changeSet.filePath}::${moved.changeSet.id}::${moved.changeSet.author}" differs`
}
