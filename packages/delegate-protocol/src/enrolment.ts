import { describeScope } from '@sluice/contracts/ids'
import type { EnrolmentClaims, OwnerScope } from './tokens.ts'

/** What a delegate token allows the delegates that enrol with it. */
export interface TokenGrant {
  scope: OwnerScope
  /** `*` stands for any run of characters. */
  namePattern: string
  allowedTags: readonly string[] | '*'
}

export type IntersectedEnrolment =
  | { ok: true; name: string; tags: string[]; droppedTags: string[]; scope: OwnerScope }
  | { ok: false; message: string }

/** What a delegate gets of what it claims: never more than its token allows (section 2 of the specification). */
export function intersectEnrolment(
  grant: TokenGrant,
  claims: Pick<EnrolmentClaims, 'name' | 'tags' | 'scope'>,
): IntersectedEnrolment {
  if (!matchesPattern(claims.name, grant.namePattern)) {
    return {
      ok: false,
      message: `The token allows delegates named "${grant.namePattern}", not "${claims.name}". Rename the delegate or use another token.`,
    }
  }
  const scope = narrowScope(grant.scope, claims.scope)
  if (scope === undefined) {
    return {
      ok: false,
      message: `The token is of ${describeScope(grant.scope)}; the delegate asks for ${describeScope(claims.scope)}. Use a token of that scope.`,
    }
  }
  const tags = [...new Set(claims.tags)]
  const allowed = (tag: string) => grant.allowedTags === '*' || grant.allowedTags.includes(tag)
  return {
    ok: true,
    name: claims.name,
    tags: tags.filter(allowed),
    droppedTags: tags.filter((tag) => !allowed(tag)),
    scope,
  }
}

/** The narrower of two scopes, or undefined where they lie beside each other. */
function narrowScope(grant: OwnerScope, claim: OwnerScope): OwnerScope | undefined {
  const orgIdentifier = narrow(grant.orgIdentifier, claim.orgIdentifier)
  const projectIdentifier = narrow(grant.projectIdentifier, claim.projectIdentifier)
  if (orgIdentifier === null || projectIdentifier === null) return undefined
  // A project without its organisation names nothing.
  if (projectIdentifier !== undefined && orgIdentifier === undefined) return undefined
  return {
    ...(orgIdentifier === undefined ? {} : { orgIdentifier }),
    ...(projectIdentifier === undefined ? {} : { projectIdentifier }),
  }
}

/** @returns null where the two name different things */
function narrow(granted: string | undefined, claimed: string | undefined): string | undefined | null {
  if (granted === undefined) return claimed
  return claimed === undefined || claimed === granted ? granted : null
}

/** Linear glob match: patterns come from people, so no regular expression is built from them. */
function matchesPattern(name: string, pattern: string): boolean {
  const parts = pattern.split('*')
  const first = parts[0] ?? ''
  const last = parts.at(-1) ?? ''
  if (parts.length === 1) return name === pattern
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false
  let position = first.length
  const end = name.length - last.length
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, position)
    if (found === -1 || found + part.length > end) return false
    position = found + part.length
  }
  return true
}
