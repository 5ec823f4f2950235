export interface EntityScope {
  orgIdentifier?: string
  projectIdentifier?: string
}

/** How an entity is named from a project: plain where it is the project's own, else after "org." or "account.". */
export function referenceTo(entity: EntityScope & { identifier: string }): string {
  if (entity.projectIdentifier !== undefined) return entity.identifier
  return entity.orgIdentifier === undefined ? `account.${entity.identifier}` : `org.${entity.identifier}`
}

/** Scope and identifier that a reference written in `from` points at. */
export function targetOf(reference: string, from: EntityScope): { identifier: string; query: EntityScope } {
  if (reference.startsWith('account.')) return { identifier: reference.slice(8), query: {} }
  if (reference.startsWith('org.')) {
    return { identifier: reference.slice(4), query: { orgIdentifier: from.orgIdentifier } }
  }
  return { identifier: reference, query: from }
}

/** "this project", "organisation default", "the account": where an entity lives, for people. */
export function scopeText({ orgIdentifier, projectIdentifier }: EntityScope): string {
  if (projectIdentifier !== undefined) return 'This project'
  return orgIdentifier === undefined ? 'Account' : `Organisation ${orgIdentifier}`
}
