import { createHash } from 'node:crypto'
import type { PrismaClient } from '../../generated/prisma/client.ts'

export interface RefCacheKey {
  accountId: string
  url: string
  /** Full name. */
  ref: string
}

export interface CachedRef {
  commit: string
  readAt: Date
}

export interface RefCache {
  /** What the host said at or after `since`. */
  find(key: RefCacheKey, since: Date): Promise<CachedRef | undefined>
  save(key: RefCacheKey, found: CachedRef): Promise<void>
  /** Drops what is older than `before`. Returns how many. */
  sweep(before: Date): Promise<number>
}

export function createRefCache(prisma: PrismaClient): RefCache {
  const rowKey = ({ accountId, url, ref }: RefCacheKey) => ({
    accountId,
    urlHash: createHash('sha256').update(url).digest('hex'),
    ref,
  })
  return {
    async find(key, since) {
      const row = await prisma.refCache.findUnique({ where: { accountId_urlHash_ref: rowKey(key) } })
      return row === null || row.readAt < since ? undefined : { commit: row.commit, readAt: row.readAt }
    },
    async save(key, found) {
      const id = rowKey(key)
      await prisma.refCache.upsert({
        where: { accountId_urlHash_ref: id },
        create: { ...id, ...found },
        update: found,
      })
    },
    async sweep(before) {
      return (await prisma.refCache.deleteMany({ where: { readAt: { lt: before } } })).count
    },
  }
}
