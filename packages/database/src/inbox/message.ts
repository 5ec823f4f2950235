import { z } from 'zod'

/** A message as its handler gets it. */
export interface Message {
  accountId: string
  id: string
  kind: string
  /** Without `traceparent`, which has become the active trace. Parse it with the contract's schema. */
  body: Record<string, unknown>
  /** Database role that inserted it, as the database saw it: `sluice_delegate_service`. */
  sender: string
  /** Attempts that failed before this one. */
  attempts: number
  createdAt: Date
}

/** One row of an inbox, as both `pg` and Prisma return it. */
export const InboxRow = z.object({
  account_id: z.string(),
  id: z.string(),
  kind: z.string(),
  body: z.record(z.string(), z.unknown()),
  sender: z.string(),
  attempts: z.number(),
  created_at: z.date(),
})
export type InboxRow = z.infer<typeof InboxRow>

export function toMessage(row: InboxRow): { message: Message; traceparent: string | undefined } {
  const { traceparent, ...body } = row.body
  return {
    message: {
      accountId: row.account_id,
      id: row.id,
      kind: row.kind,
      body,
      sender: row.sender,
      attempts: row.attempts,
      createdAt: row.created_at,
    },
    traceparent: typeof traceparent === 'string' ? traceparent : undefined,
  }
}
