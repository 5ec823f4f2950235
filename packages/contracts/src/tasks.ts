import { z } from 'zod'
import { Failure } from './errors.ts'
import { LogKey } from './logs.ts'
import { Principal } from './access.ts'
import { Scope } from './ids.ts'

/** What a delegate can be asked to do. */
export const TASK_KINDS = [
  'pod.init',
  'pod.execute',
  'pod.cleanup',
  'connection.test',
  'db.status',
  'db.baseline',
  'scm.call',
] as const
export const TaskKind = z.enum(TASK_KINDS)
export type TaskKind = z.infer<typeof TaskKind>

/** A secret by reference; the value appears first on the delegate that holds the task. */
export const SecretRef = z
  .object({
    /** Name under which the value is handed to the pod, e.g. `database.password`. */
    name: z.string().min(1).max(128),
    secretId: z.string().max(64),
    version: z.number().int().min(1),
  })
  .meta({ id: 'SecretRef' })
export type SecretRef = z.infer<typeof SecretRef>

/** Where a changelog lives. Exactly one of branch, tag, commit; `commit` is pinned where the control plane resolved it. */
export const GitSource = z.object({
  url: z.string().max(2048),
  branch: z.string().max(255).optional(),
  tag: z.string().max(255).optional(),
  commit: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .optional(),
  /** Path of the changelog (or folder) in the repository. */
  location: z.string().max(1024),
  username: z.string().max(256).optional(),
  /** Name in `secrets` of the password or token, if any. */
  passwordSecret: z.string().max(128).optional(),
})
export type GitSource = z.infer<typeof GitSource>

/** Exactly one of them. */
const GitRefChoice = {
  branch: GitSource.shape.branch,
  tag: GitSource.shape.tag,
  commit: GitSource.shape.commit,
}

/** One page of a repository's branches by name. */
export const RepositoryBranches = z.object({
  items: z.array(z.object({ name: z.string(), commit: z.string() })),
  defaultBranch: z.string().optional(),
  /** All that match. */
  total: z.number().int(),
})
export type RepositoryBranches = z.infer<typeof RepositoryBranches>

/** A file that looks like a changelog; the higher the score, the more. */
export const ChangelogCandidate = z.object({
  path: z.string(),
  format: z.enum(['yaml', 'xml', 'json', 'sql', 'folder']),
  score: z.number().int(),
})
export type ChangelogCandidate = z.infer<typeof ChangelogCandidate>

/** A folder of a repository at one commit; `changelogs` are looked for in everything below it, best first. */
export const RepositoryFolder = z.object({
  path: z.string(),
  commit: z.string(),
  entries: z.array(z.object({ name: z.string(), path: z.string(), type: z.enum(['file', 'folder']) })),
  /** More entries are there than are listed. */
  truncated: z.boolean(),
  changelogs: z.array(ChangelogCandidate).max(50),
})
export type RepositoryFolder = z.infer<typeof RepositoryFolder>

/** Entries of a folder that are listed at most, and files below it that are looked at for changelogs. */
export const REPOSITORY_ENTRIES_MAX = 1_000
export const REPOSITORY_PATHS_MAX = 5_000

/** A folder as whoever reads the repository tells it. */
export const RepositoryListing = z.object({
  path: z.string(),
  commit: z.string(),
  entries: RepositoryFolder.shape.entries.max(REPOSITORY_ENTRIES_MAX),
  truncated: z.boolean(),
  /** Every file below the folder that could hold a changelog by its name's end, by path from the root. */
  paths: z.array(z.string()).max(REPOSITORY_PATHS_MAX),
})
export type RepositoryListing = z.infer<typeof RepositoryListing>

export const RepositoryText = z.object({ path: z.string(), commit: z.string(), content: z.string() })
export type RepositoryText = z.infer<typeof RepositoryText>

/** How to reach the target database. */
export const DatabaseTarget = z.object({
  jdbcUrl: z.string().max(2048),
  username: z.string().max(256).optional(),
  passwordSecret: z.string().max(128).optional(),
  /** Override of the URL's database. */
  database: z.string().max(256).optional(),
  /** Default schema / search_path. */
  schema: z.string().max(256).optional(),
})
export type DatabaseTarget = z.infer<typeof DatabaseTarget>

export const ChangelogFilters = z.object({
  context: z.string().max(1024).optional(),
  labels: z.string().max(1024).optional(),
  properties: z.record(z.string().max(128), z.string().max(4096)).default({}),
})

/** Last changeset that a baseline marks: one of the changelog, or the one that sets a tag. */
export const BaselineEnd = z
  .union([
    z.strictObject({ fileName: z.string().max(1024), author: z.string().max(255), id: z.string().max(255) }),
    z.strictObject({ tag: z.string().min(1).max(255) }),
  ])
  .meta({ id: 'BaselineEnd' })
export type BaselineEnd = z.infer<typeof BaselineEnd>

/** What db-step is asked to run: one of the operations below. */
export const DbOperation = z.discriminatedUnion('operation', [
  z.object({ operation: z.literal('preview') }),
  z.object({
    operation: z.literal('apply'),
    /** Hash of the plan previewed in the same execution: exactly it runs, or nothing. */
    planHash: z.string().max(128).optional(),
    tag: z.string().max(255).optional(),
  }),
  /** History, lock and per-changeset state, read-only. */
  z.object({ operation: z.literal('status') }),
  /** Marks pending changesets as deployed without running them: as many as expected, or none. */
  z.object({
    operation: z.literal('baseline'),
    expectedCount: z.number().int().min(1),
    upTo: BaselineEnd.optional(),
  }),
])
export type DbOperation = z.infer<typeof DbOperation>

/** Specification of one database step as the pod gets it. */
export const DbStepSpec = z.object({
  run: DbOperation,
  source: GitSource,
  target: DatabaseTarget,
  filters: ChangelogFilters,
  /** Milliseconds to wait for a held changelog lock before refusing. */
  lockWaitMs: z.number().int().min(0).max(600_000).default(10_000),
})
export type DbStepSpec = z.infer<typeof DbStepSpec>

/** Parameters of `pod.init`. */
export const PodInitParameters = z.object({
  podId: z.string().max(64),
  runtime: z.enum(['process', 'docker', 'kubernetes']),
  /** Step containers of the pod, by name. */
  steps: z
    .array(z.object({ name: z.string().max(64), kind: z.literal('db-step') }))
    .min(1)
    .max(16),
  logServiceUrl: z.string().max(2048),
  /** Append-only token for the whole execution prefix. */
  logToken: z.string().max(8192),
  logKey: LogKey,
})
export type PodInitParameters = z.infer<typeof PodInitParameters>

/** Parameters of `pod.execute`. */
export const PodExecuteParameters = z.object({
  podId: z.string().max(64),
  stepName: z.string().max(64),
  attemptId: z.string().max(128),
  logKey: LogKey,
  step: DbStepSpec,
})
export type PodExecuteParameters = z.infer<typeof PodExecuteParameters>

export const PodCleanupParameters = z.object({ podId: z.string().max(64) })
export type PodCleanupParameters = z.infer<typeof PodCleanupParameters>

/** Parameters of `connection.test`: a JDBC or git connector, tried by phases. */
export const ConnectionTestParameters = z.discriminatedUnion('target', [
  z.object({ target: z.literal('database'), database: DatabaseTarget }),
  z.object({
    target: z.literal('git'),
    url: z.string().max(2048),
    username: z.string().max(256).optional(),
    passwordSecret: z.string().max(128).optional(),
  }),
])
export type ConnectionTestParameters = z.infer<typeof ConnectionTestParameters>

/** Parameters of `db.status` and `db.baseline`: a database operation in a pod of its own, without a pipeline run. */
export const DatabaseRequestParameters = z.object({ step: DbStepSpec })
export type DatabaseRequestParameters = z.infer<typeof DatabaseRequestParameters>

/** Parameters of `scm.call`: what a delegate reads of a repository that the control plane can't read. */
export const ScmCallParameters = z.object({
  url: z.string().max(2048),
  username: z.string().max(256).optional(),
  passwordSecret: z.string().max(128).optional(),
  call: z.discriminatedUnion('read', [
    z.object({
      read: z.literal('branches'),
      searchTerm: z.string().max(255),
      page: z.number().int().min(0),
      size: z.number().int().min(1).max(100),
    }),
    z.object({ read: z.literal('folder'), ...GitRefChoice, path: z.string().max(1024) }),
    z.object({ read: z.literal('file'), ...GitRefChoice, path: z.string().max(1024) }),
  ]),
})
export type ScmCallParameters = z.infer<typeof ScmCallParameters>

export const TaskParameters = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('pod.init'), parameters: PodInitParameters }),
  z.object({ kind: z.literal('pod.execute'), parameters: PodExecuteParameters }),
  z.object({ kind: z.literal('pod.cleanup'), parameters: PodCleanupParameters }),
  z.object({ kind: z.literal('connection.test'), parameters: ConnectionTestParameters }),
  z.object({ kind: z.literal('db.status'), parameters: DatabaseRequestParameters }),
  z.object({ kind: z.literal('db.baseline'), parameters: DatabaseRequestParameters }),
  z.object({ kind: z.literal('scm.call'), parameters: ScmCallParameters }),
])
export type TaskParameters = z.infer<typeof TaskParameters>

/** Where a selector comes from, for the sentence that explains why no delegate was taken. */
export const Selector = z.object({
  selector: z.string().max(128),
  origin: z.enum(['step', 'stepGroup', 'stage', 'pipeline', 'connector', 'task']),
})
export type Selector = z.infer<typeof Selector>

/** Row of `delegate.inbox`: a task to run on some delegate. Message id = attempt id + kind. */
export const SubmitTask = z.object({
  taskId: z.string().max(64),
  accountId: z.string().max(64),
  scope: Scope,
  attemptId: z.string().max(128),
  task: TaskParameters,
  secrets: z.array(SecretRef).max(64),
  selectors: z.array(Selector).max(64),
  /** `runtime:process`, `task:connection.test`, … */
  capabilities: z.array(z.string().max(256)).max(64),
  /** Pins the task to the delegate that holds the pod. */
  delegateId: z.string().max(64).optional(),
  /** Milliseconds from grant to the task's forced end. */
  timeoutMs: z
    .number()
    .int()
    .min(1000)
    .max(7 * 86_400_000),
  /** Milliseconds that the task may wait for a delegate. */
  queueTimeoutMs: z.number().int().min(1000).max(86_400_000),
  /** Inbox that gets the result; absent: nobody waits (cleanup). */
  replyTo: z.enum(['pipeline.inbox', 'ngm.inbox', 'ng.inbox']).optional(),
  principal: Principal,
  /** JWS (ES256, x5c) over the SHA-256 of the task parameters, by the submitter. */
  signatures: z.array(z.string().max(16_384)).max(4),
  traceparent: z.string().max(64).optional(),
})
export type SubmitTask = z.infer<typeof SubmitTask>

/** Message `task.cancel` to `delegate.inbox`. */
export const CancelTask = z.object({
  taskId: z.string().max(64),
  accountId: z.string().max(64),
  reason: z.string().max(512),
})
export type CancelTask = z.infer<typeof CancelTask>

/** Message kinds of `delegate.inbox`. */
export const DELEGATE_INBOX_KINDS = ['task.submit', 'task.cancel'] as const

/** State of one changeset after a step looked at or changed the database. */
export const ChangesetReport = z.object({
  id: z.string().max(255),
  author: z.string().max(255),
  path: z.string().max(1024),
  status: z.enum(['deployed', 'pending', 'failed', 'rolled-back', 'changed', 'unknown', 'ran-now', 'skipped']),
  /** Of the changelog; of the history where the changelog lost it. */
  checksum: z.string().max(64).optional(),
  /** Of the history. */
  storedChecksum: z.string().max(64).optional(),
  /** Epoch ms; from the history table where the changeset is deployed. */
  deployedAt: z.number().int().optional(),
  orderExecuted: z.number().int().optional(),
  tag: z.string().max(255).optional(),
  error: z.string().max(16_384).optional(),
})
export type ChangesetReport = z.infer<typeof ChangesetReport>

/** Longest SQL of one changeset that is stored, in characters. */
export const CHANGESET_SQL_MAX = 65_536

/** What a changeset says, beside its state: SQL with placeholders, never with the value of a secret. */
export const ChangesetText = z.object({
  id: z.string().max(255),
  author: z.string().max(255),
  path: z.string().max(1024),
  sql: z.string().max(CHANGESET_SQL_MAX),
  /** `sql` is the beginning only. */
  truncated: z.boolean(),
  statementCount: z.number().int().min(0),
  rollbackSql: z.string().max(CHANGESET_SQL_MAX).optional(),
  rollbackTruncated: z.boolean().default(false),
  comment: z.string().max(4096).optional(),
  labels: z.string().max(1024).optional(),
  context: z.string().max(1024).optional(),
  checksum: z.string().max(64).optional(),
  runAlways: z.boolean(),
  runOnChange: z.boolean(),
  runInTransaction: z.boolean(),
})
export type ChangesetText = z.infer<typeof ChangesetText>

/** Outputs of a step as expressions see them; bounded. Large things are task outputs. */
export const StepOutputs = z.record(
  z.string().max(128),
  z.union([z.string().max(262_144), z.number(), z.boolean(), z.null()]),
)

/** A large output kept in `delegate.task_output`. */
export const TaskOutputRef = z.object({
  name: z.enum(['plan', 'changesets', 'texts', 'snapshot']),
  outputId: z.string().max(64),
  bytes: z.number().int(),
  sha256: z.string().length(64),
})
export type TaskOutputRef = z.infer<typeof TaskOutputRef>

/** Result of a task as the delegate sends it. `data` depends on the kind. */
export const TaskResult = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('succeeded'),
    outputs: StepOutputs.default({}),
    /** `pod.init`: `{ podId }`; `connection.test`: the phases. */
    data: z.unknown().optional(),
    units: z
      .array(
        z.object({
          name: z.string().max(64),
          status: z.string().max(32),
          startedAt: z.number(),
          endedAt: z.number().optional(),
        }),
      )
      .max(32)
      .default([]),
  }),
  z.object({
    outcome: z.literal('failed'),
    failure: Failure,
    outputs: StepOutputs.default({}),
    data: z.unknown().optional(),
    units: z
      .array(
        z.object({
          name: z.string().max(64),
          status: z.string().max(32),
          startedAt: z.number(),
          endedAt: z.number().optional(),
        }),
      )
      .max(32)
      .default([]),
  }),
])
export type TaskResult = z.infer<typeof TaskResult>

/** What a delegate puts into the `output` of the protocol's `task.result`: the result, and large things beside it. */
export const DelegateTaskOutput = z.object({
  result: TaskResult,
  /** JSON text each; stored in chunks as `delegate.task_output`, only referenced in messages. */
  large: z
    .array(z.object({ name: TaskOutputRef.shape.name, content: z.string() }))
    .max(8)
    .default([]),
})
export type DelegateTaskOutput = z.infer<typeof DelegateTaskOutput>

/** One phase of a connection test or of a preflight. */
export const ConnectionPhase = z
  .object({
    phase: z.enum(['dns', 'tcp', 'tls', 'login', 'privileges', 'git', 'changelog', 'history', 'baseline']),
    ok: z.boolean(),
    durationMs: z.number(),
    message: z.string().max(2048).optional(),
  })
  .meta({ id: 'ConnectionPhase' })
export type ConnectionPhase = z.infer<typeof ConnectionPhase>

/** Messages that delegate-service puts into the submitter's inbox (`pipeline.inbox`, `ngm.inbox`, `ng.inbox`). */
export const TaskEvent = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('task.assigned'),
    taskId: z.string(),
    attemptId: z.string(),
    delegateId: z.string(),
    delegateName: z.string(),
  }),
  z.object({
    kind: z.literal('task.waiting'),
    taskId: z.string(),
    attemptId: z.string(),
    /** Why each delegate was passed over. */
    message: z.string().max(8192),
  }),
  z.object({
    kind: z.literal('task.finished'),
    taskId: z.string(),
    attemptId: z.string(),
    taskKind: TaskKind,
    delegateId: z.string().optional(),
    delegateName: z.string().optional(),
    result: TaskResult,
    large: z.array(TaskOutputRef).max(8),
    /** Epoch ms. */
    finishedAt: z.number().int(),
  }),
])
export type TaskEvent = z.infer<typeof TaskEvent>

/** Message kinds of the submitters' inboxes. */
export const TASK_EVENT_KINDS = ['task.assigned', 'task.waiting', 'task.finished'] as const

/** Id of the message that carries a task event: the same event lands once. */
export function taskEventMessageId(taskId: string, kind: TaskEvent['kind']): string {
  return `${taskId}.${kind}`
}
