import { PrismaPg } from '@prisma/adapter-pg'
import type { Pool } from 'pg'

/** Driver adapter of a generated Prisma client: `new PrismaClient({ adapter: createPrismaAdapter(pool, 'ng') })`. The pool stays the caller's. */
export function createPrismaAdapter(pool: Pool, schema: string): PrismaPg {
  return new PrismaPg(pool, { schema })
}
