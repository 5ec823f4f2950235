import { z } from 'zod'
import { AUDIT_ACTIONS, AuditEvent } from './audit.ts'
import { EpochMs } from './ids.ts'
import { defineRoute, PageQuery, pageOf } from './routes.ts'

/** A stored event with its place in the account's hash chain. */
export const StoredAuditEvent = AuditEvent.omit({ accountId: true })
  .extend({
    auditId: z.string(),
    /** Service that wrote it. */
    module: z.string(),
    /** Counts from 1 per account, without a gap. */
    sequence: z.number().int(),
    /** SHA-256, hex, over the previous event's hash and this event. */
    hash: z.string(),
    insertedAt: EpochMs,
  })
  .meta({ id: 'StoredAuditEvent' })
export type StoredAuditEvent = z.infer<typeof StoredAuditEvent>

const Filter = {
  actions: z.array(z.enum(AUDIT_ACTIONS)).max(32).optional(),
  resourceTypes: z.array(z.string().max(64)).max(32).optional(),
  resourceIdentifier: z.string().max(256).optional(),
  principalIds: z.array(z.string().max(64)).max(32).optional(),
  orgIdentifier: z.string().max(128).optional(),
  projectIdentifier: z.string().max(128).optional(),
  startTime: EpochMs.optional(),
  endTime: EpochMs.optional(),
  /** Looks into the whole event: names, addresses, correlation ids, before and after. */
  searchTerm: z.string().trim().min(1).max(128).optional(),
}
export const AuditFilter = z.object(Filter)
export type AuditFilter = z.infer<typeof AuditFilter>

/** A list in a query: `a,b`. */
const listIn = <Item extends z.ZodType<string, string>>(items: z.ZodArray<Item>) =>
  z
    .string()
    .max(4096)
    .transform((text) => text.split(',').filter((item) => item !== ''))
    .pipe(items)
    .optional()

export const listAudits = defineRoute({
  service: 'ng-core',
  method: 'POST',
  path: '/ng/api/audits/list',
  operationId: 'listAudits',
  summary: 'List audit events, newest first',
  tag: 'Audit',
  auth: 'permission',
  permission: 'core_audit_view',
  query: PageQuery,
  body: AuditFilter,
  response: pageOf(StoredAuditEvent),
  family: 'ng',
  errors: ['ACCESS_DENIED'],
})

/** The filters of {@link listAudits} as a query; lists are separated by commas. Newest first, one line per event. */
export const exportAudits = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/audits/export',
  operationId: 'exportAudits',
  summary: 'Download audit events as CSV',
  tag: 'Audit',
  auth: 'permission',
  permission: 'core_audit_view',
  query: z.object({
    ...Filter,
    actions: listIn(z.array(z.enum(AUDIT_ACTIONS)).max(32)),
    resourceTypes: listIn(z.array(z.string().max(64)).max(32)),
    principalIds: listIn(z.array(z.string().max(64)).max(32)),
    startTime: z.coerce.number().pipe(EpochMs).optional(),
    endTime: z.coerce.number().pipe(EpochMs).optional(),
  }),
  responseType: 'text',
  family: 'ng',
  errors: ['ACCESS_DENIED', 'INVALID_REQUEST'],
})

/** What there is to filter by in this account. */
export const getAuditFilters = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/audits/filters',
  operationId: 'getAuditFilters',
  summary: 'Actions, resource types and people that occur in audit events',
  tag: 'Audit',
  auth: 'permission',
  permission: 'core_audit_view',
  response: z.object({
    actions: z.array(z.enum(AUDIT_ACTIONS)),
    resourceTypes: z.array(z.string()),
    /** Those whose user still exists have a name. */
    principals: z.array(z.object({ id: z.string(), name: z.string().optional() })),
  }),
  family: 'ng',
  errors: ['ACCESS_DENIED'],
})

/** Recomputes the chain. An older head, noted earlier, proves that nothing before it was changed since. */
export const verifyAudits = defineRoute({
  service: 'ng-core',
  method: 'GET',
  path: '/ng/api/audits/verify',
  operationId: 'verifyAudits',
  summary: "Verify the hash chain of the account's audit events",
  tag: 'Audit',
  auth: 'permission',
  permission: 'core_audit_view',
  query: z.object({
    sequence: z.coerce.number().int().min(1).optional(),
    hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be a hash of 64 hexadecimal digits')
      .optional(),
  }),
  response: z.object({
    valid: z.boolean(),
    /** Head of the chain now; 0 and the empty text where there are no events. */
    sequence: z.number().int(),
    hash: z.string(),
    /** First event that doesn't fit. */
    brokenAt: z.number().int().optional(),
    /** Whether the older head that was asked about is part of the chain. */
    headKnown: z.boolean().optional(),
  }),
  family: 'ng',
  errors: ['ACCESS_DENIED', 'INVALID_REQUEST'],
})
