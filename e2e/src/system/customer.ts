import { Client, escapeLiteral } from 'pg'
import { system } from './system.ts'

/** Runs SQL as the superuser of the customer's own Postgres. */
export async function customerSql(
  database: string,
  sql: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const url = new URL(system.customerUrl)
  url.pathname = `/${database}`
  const client = new Client({ connectionString: url.toString() })
  await client.connect()
  try {
    const { rows } = await client.query(sql, values)
    return rows
  } finally {
    await client.end()
  }
}

export interface CustomerDatabase {
  name: string
  jdbcUrl: string
  username: string
  password: string
}

/** A database of the customer's with an owner of its own. */
export async function createCustomerDatabase(name: string, password = `pw of ${name}`): Promise<CustomerDatabase> {
  const { hostname, port } = new URL(system.customerUrl)
  await customerSql('postgres', `drop database if exists ${name} with (force)`)
  await customerSql('postgres', `drop role if exists ${name}_owner`)
  await customerSql('postgres', `create role ${name}_owner login password ${escapeLiteral(password)}`)
  await customerSql('postgres', `create database ${name} owner ${name}_owner`)
  return { name, jdbcUrl: `jdbc:postgresql://${hostname}:${port}/${name}`, username: `${name}_owner`, password }
}
