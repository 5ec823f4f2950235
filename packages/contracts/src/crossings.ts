import type { ServiceName } from './network.ts'
import { QUEUES, type InboxName, INBOX_NAMES } from './queues.ts'

/** Columns of an inbox that a sender may write; the rest have defaults or belong to the receiver. */
export const INBOX_SENDER_COLUMNS = ['account_id', 'id', 'kind', 'body'] as const

/** Services that may insert into an inbox: the queue's producers. */
export function inboxSenders(inbox: InboxName): readonly ServiceName[] {
  return QUEUES[inbox].producers
}

export interface ReadGrant {
  owner: ServiceName
  /** View or table in the owner's schema. */
  relation: string
  readers: readonly ServiceName[]
}

const EVERY_SERVICE_WITH_A_ROLE = [
  'pipeline-service',
  'ng-manager',
  'dbdevops-service',
  'scm-service',
  'log-service',
  'delegate-service',
] as const satisfies readonly ServiceName[]

/** SELECT on named relations of another service. There are no others. */
export const READ_GRANTS = [
  { owner: 'ng-core', relation: 'access_bindings', readers: EVERY_SERVICE_WITH_A_ROLE },
  { owner: 'ng-core', relation: 'settings', readers: EVERY_SERVICE_WITH_A_ROLE },
  { owner: 'ng-core', relation: 'connectors_view', readers: ['ng-manager'] },
  { owner: 'ng-core', relation: 'secret_metadata', readers: ['ng-manager'] },
  { owner: 'ng-core', relation: 'principal_contacts', readers: ['pipeline-service'] },
  { owner: 'ng-core', relation: 'delegate_token_keys', readers: ['delegate-service'] },
  { owner: 'ng-core', relation: 'secret_records', readers: ['delegate-service'] },
  { owner: 'delegate-service', relation: 'delegates', readers: ['ng-core'] },
  { owner: 'delegate-service', relation: 'delegate_load', readers: ['ng-core'] },
  { owner: 'delegate-service', relation: 'task_output', readers: ['ng-manager', 'ng-core'] },
] as const satisfies readonly ReadGrant[]

/** The four ways data crosses a service boundary, for docs and tests. */
export const CROSSINGS = { inboxes: INBOX_NAMES, readGrants: READ_GRANTS } as const
