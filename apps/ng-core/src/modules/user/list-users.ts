import { toPage, type RouteQuery } from '@sluice/contracts/routes'
import type { listUsers as contract } from '@sluice/contracts/users'
import type { Deps } from '../../deps.ts'
import { toUser } from './to-user.ts'

/** Users of an account by e-mail address; `searchTerm` looks into address and name. */
export async function listUsers(
  deps: Pick<Deps, 'prisma'>,
  accountId: string,
  searchTerm: string | undefined,
  page: RouteQuery<typeof contract>,
) {
  const contains = { contains: searchTerm, mode: 'insensitive' as const }
  const where = {
    accountId,
    ...(searchTerm === undefined ? {} : { OR: [{ email: contains }, { name: contains }] }),
  }
  const [rows, total] = await Promise.all([
    deps.prisma.user.findMany({
      where,
      include: { roles: true },
      orderBy: { email: 'asc' },
      skip: page.pageIndex * page.pageSize,
      take: page.pageSize,
    }),
    deps.prisma.user.count({ where }),
  ])
  return toPage(
    rows.map((row) => ({ user: toUser(row) })),
    total,
    page,
  )
}
