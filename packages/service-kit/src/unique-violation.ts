import type { AppError } from '@sluice/contracts/errors'

/** SQLSTATE of a unique violation, and Prisma's code for the same. */
const UNIQUE_VIOLATION = '23505'
const PRISMA_UNIQUE = 'P2002'

/** Throws `instead` where `error` is a unique violation of Postgres or Prisma, else `error` itself. */
export function mapUniqueViolation(error: unknown, instead: AppError): never {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === UNIQUE_VIOLATION || code === PRISMA_UNIQUE) throw instead
  throw error
}
