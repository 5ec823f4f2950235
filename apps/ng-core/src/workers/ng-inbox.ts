import { AUDIT_MESSAGE_KIND, AuditEvent } from '@sluice/contracts/audit'
import { SERVICE_NAMES, SERVICES } from '@sluice/contracts/network'
import { TASK_EVENT_KINDS, TaskEvent } from '@sluice/contracts/tasks'
import { createInboxConsumer, schemaOwner, type InboxHandler, type Runner } from '@sluice/database'
import type { Deps, Tx } from '../deps.ts'
import { appendAuditEvent } from '../modules/audit/append-audit.ts'
import { applyTaskEvent } from '../modules/connection-test/apply-task-event.ts'

/** Services by the database role that a message's sender column names. */
const SERVICE_OF_ROLE = new Map(
  SERVICE_NAMES.filter((service) => SERVICES[service].schema !== undefined).map((service) => [
    schemaOwner(service).role,
    service,
  ]),
)

const onAudit: InboxHandler<Tx> = async (message, tx) => {
  const event = AuditEvent.parse(message.body)
  if (event.accountId !== message.accountId || event.scope.accountId !== message.accountId) {
    throw new Error(`The audit event "${message.id}" speaks of another account than its message.`)
  }
  await appendAuditEvent(tx, message.id, SERVICE_OF_ROLE.get(message.sender) ?? message.sender, event)
}

const onTaskEvent: InboxHandler<Tx> = async (message, tx) => {
  if (SERVICE_OF_ROLE.get(message.sender) !== 'delegate-service') {
    throw new Error(`"${message.sender}" sent a task event, but only delegate-service knows about tasks.`)
  }
  await applyTaskEvent(tx, message.accountId, TaskEvent.parse(message.body))
}

/** Consumes `ng.inbox`: audit events of every service, results of connection tests. */
export function createNgInbox(deps: Pick<Deps, 'config' | 'pool' | 'prisma' | 'logger'>): Runner {
  return createInboxConsumer<Tx>({
    redis: deps.config.redisUrl,
    pool: deps.pool,
    inbox: 'ng.inbox',
    transact: (work) => deps.prisma.$transaction(work, { timeout: 10_000 }),
    handlers: {
      [AUDIT_MESSAGE_KIND]: onAudit,
      ...Object.fromEntries(TASK_EVENT_KINDS.map((kind) => [kind, onTaskEvent])),
    },
    onError: (error) => deps.logger.warn({ err: error }, error.message),
  })
}
