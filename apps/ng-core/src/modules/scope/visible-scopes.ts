import { bindingsOf } from '@sluice/access'
import { loadAccessBindings, type Actor } from '@sluice/service-kit'
import type { Deps } from '../../deps.ts'

/** Which organisations and projects a principal has any role in. `everything`: a role in the account itself. */
export interface VisibleScopes {
  everything: boolean
  /** Organisations with all their projects. */
  organizations: string[]
  projects: { orgIdentifier: string; projectIdentifier: string }[]
}

/** Every role may look at organisations and projects, so a binding there is enough to see one in a list. */
export async function visibleScopes(deps: Pick<Deps, 'pool'>, actor: Actor): Promise<VisibleScopes> {
  const bindings = bindingsOf(await loadAccessBindings(deps.pool)(actor.accountId), actor)
  const visible: VisibleScopes = { everything: false, organizations: [], projects: [] }
  for (const { orgIdentifier, projectIdentifier } of bindings) {
    if (orgIdentifier === undefined) visible.everything = true
    else if (projectIdentifier === undefined) visible.organizations.push(orgIdentifier)
    else visible.projects.push({ orgIdentifier, projectIdentifier })
  }
  return visible
}
