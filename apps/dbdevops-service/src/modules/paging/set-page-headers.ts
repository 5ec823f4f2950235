import { PAGE_HEADERS } from '@sluice/contracts/dbops'
import type { FastifyReply } from 'fastify'

/** Sets the published paging headers of a list whose body is a plain array. */
export function setPageHeaders(reply: FastifyReply, page: { page: number; limit: number }, total: number): void {
  reply.header(PAGE_HEADERS.total, total)
  reply.header(PAGE_HEADERS.number, page.page)
  reply.header(PAGE_HEADERS.size, page.limit)
}
