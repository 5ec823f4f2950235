import { INBOX_SENDER_COLUMNS, inboxSenders, READ_GRANTS, type ReadGrant } from '@sluice/contracts/crossings'
import type { ServiceName } from '@sluice/contracts/network'
import { escapeIdentifier as id } from 'pg'
import { inboxesOf, inboxTable } from './inbox-table.ts'
import { SCHEMA_OWNERS, schemaOwner } from './roles.ts'

const readGrants: readonly ReadGrant[] = READ_GRANTS

/**
 * The statements that give other services exactly what crossings.ts lists of this service's schema, and take anything
 * else away. Run by the schema's owner in one transaction.
 */
export function grantStatements(service: ServiceName): string[] {
  const { schema } = schemaOwner(service)
  const others = SCHEMA_OWNERS.filter((owner) => owner.service !== service)
  const statements = others.flatMap(({ role }) => [
    `revoke all on all tables in schema ${id(schema)} from ${id(role)}`,
    `revoke all on schema ${id(schema)} from ${id(role)}`,
  ])
  const give = (reader: ServiceName, privilege: string, relation: string) => {
    if (reader === service) return
    const { role } = schemaOwner(reader)
    statements.push(
      `grant usage on schema ${id(schema)} to ${id(role)}`,
      `grant ${privilege} on ${relation} to ${id(role)}`,
    )
  }
  for (const inbox of inboxesOf(service)) {
    const columns = INBOX_SENDER_COLUMNS.join(', ')
    for (const sender of inboxSenders(inbox)) give(sender, `insert (${columns})`, inboxTable(inbox))
  }
  for (const { relation, readers } of readGrants.filter(({ owner }) => owner === service)) {
    for (const reader of readers) give(reader, 'select', `${id(schema)}.${id(relation)}`)
  }
  return statements
}
