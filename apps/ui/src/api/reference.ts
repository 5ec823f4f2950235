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

/** Identifier made of a name: "Orders DB 2" → "Orders_DB_2". Empty where nothing usable is in it. */
export function identifierOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .trim()
    .replaceAll(/[^0-9a-zA-Z_$]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 127)
  return /^[0-9$]/.test(plain) ? `_${plain}` : plain
}
