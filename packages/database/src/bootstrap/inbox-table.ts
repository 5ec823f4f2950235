import { INBOX_NAMES, QUEUES, type InboxName } from '@sluice/contracts/queues'
import { SERVICES, type ServiceName } from '@sluice/contracts/network'

/** `schema.inbox` of the receiver, ready for use in SQL. Schema names come from the network table, never from input. */
export function inboxTable(inbox: InboxName): string {
  const schema = SERVICES[QUEUES[inbox].receiver].schema
  if (schema === undefined) throw new Error(`The receiver of "${inbox}" owns no Postgres schema.`)
  return `"${schema}".inbox`
}

/** The inboxes that a service receives: one or none. */
export function inboxesOf(service: ServiceName): InboxName[] {
  return INBOX_NAMES.filter((inbox) => QUEUES[inbox].receiver === service)
}

/**
 * The inbox table, the same in every schema that has one. Senders may write the first four columns only; `sender` is
 * therefore true. A row stays for days after it was processed, so that a message sent twice lands once.
 */
export function inboxDdl(inbox: InboxName): string {
  const table = inboxTable(inbox)
  return `
create table if not exists ${table} (
  account_id      varchar(64)  not null,
  id              varchar(200) not null,
  kind            varchar(64)  not null,
  body            jsonb        not null,
  sender          name         not null default current_user,
  created_at      timestamptz  not null default now(),
  processed_at    timestamptz,
  attempts        integer      not null default 0,
  last_error      text,
  next_attempt_at timestamptz  not null default now(),
  dead_at         timestamptz,
  primary key (account_id, id)
);
create index if not exists inbox_waiting on ${table} (next_attempt_at) where processed_at is null and dead_at is null;
create index if not exists inbox_processed on ${table} (processed_at) where processed_at is not null;
`
}
