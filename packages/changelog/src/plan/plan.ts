import { z } from 'zod'
import { PRECONDITION_OUTCOMES } from '../model/change-log.ts'

const PositionSchema = z.object({ file: z.string(), line: z.number().int(), column: z.number().int() })
const ChangeSetIdSchema = z.object({ id: z.string(), author: z.string(), filePath: z.string() })

export const PlannedStatement = z.object({ sql: z.string(), at: PositionSchema })
export type PlannedStatement = z.infer<typeof PlannedStatement>

export const PlannedPreconditions = z.object({
  conditions: z.array(z.string()),
  onFail: z.enum(PRECONDITION_OUTCOMES),
  onError: z.enum(PRECONDITION_OUTCOMES),
})

/** A changeset that would run, and exactly what it would send. */
export const PlannedChangeSet = z.object({
  changeSet: ChangeSetIdSchema,
  at: PositionSchema,
  action: z.enum(['execute', 'rerun']),
  reason: z.string(),
  checksum: z.string(),
  description: z.string(),
  comments: z.string(),
  contexts: z.string(),
  labels: z.string(),
  inTransaction: z.boolean(),
  failOnError: z.boolean(),
  tag: z.string().nullable(),
  /** Evaluated again right before it runs: they decide then whether it runs, is skipped, or is marked as ran. */
  preconditions: PlannedPreconditions.nullable(),
  statements: z.array(PlannedStatement),
})
export type PlannedChangeSet = z.infer<typeof PlannedChangeSet>

export const SKIP_REASONS = ['deployed', 'context', 'labels', 'dbms', 'ignored'] as const

/** What `execute` would do, complete and hashable: plain JSON. */
export const Plan = z.object({
  version: z.literal(1),
  /** SHA-256 (hex) over everything that decides what runs where. */
  hash: z.string(),
  changelog: z.object({ path: z.string(), digest: z.string(), commit: z.string().nullable() }),
  database: z.object({
    dialect: z.enum(['postgresql', 'mysql', 'mariadb']),
    systemIdentifier: z.string(),
    database: z.string(),
    schema: z.string(),
    version: z.string(),
  }),
  session: z.object({ role: z.string().nullable(), searchPath: z.string(), lockTimeoutMs: z.number().int() }),
  contexts: z.array(z.string()),
  labelFilter: z.string().nullable(),
  tag: z.string().nullable(),
  history: z.object({
    schema: z.string(),
    table: z.string(),
    lockTable: z.string(),
    exists: z.boolean(),
    rows: z.number().int(),
  }),
  steps: z.array(PlannedChangeSet),
  skipped: z.array(
    z.object({ changeSet: ChangeSetIdSchema, at: PositionSchema, reason: z.enum(SKIP_REASONS), sentence: z.string() }),
  ),
  checksumUpgrades: z.array(z.object({ changeSet: ChangeSetIdSchema, from: z.string().nullable(), to: z.string() })),
  /** Rows of the history that no changeset of this changelog stands for. */
  unknown: z.array(ChangeSetIdSchema),
  /** The outcome of each step's preconditions at the time of the plan; null where it can't be told yet. */
  preconditions: z.array(z.object({ changeSet: ChangeSetIdSchema, holds: z.boolean().nullable(), why: z.string() })),
  notices: z.array(z.string()),
})
export type Plan = z.infer<typeof Plan>
