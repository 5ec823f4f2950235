import type { Actor } from '@sluice/service-kit'

/** A project of one account: the leading part of every key. */
export interface ProjectScope {
  accountId: string
  orgIdentifier: string
  projectIdentifier: string
}

export function projectScope(actor: Actor, query: { orgIdentifier: string; projectIdentifier: string }): ProjectScope {
  return { accountId: actor.accountId, orgIdentifier: query.orgIdentifier, projectIdentifier: query.projectIdentifier }
}
