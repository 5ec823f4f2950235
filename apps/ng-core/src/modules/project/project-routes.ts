import {
  createProject as createContract,
  getProject as getContract,
  listProjects as listContract,
  updateProject as updateContract,
} from '@sluice/contracts/projects'
import type { Mount } from '../../routes.ts'
import { notFound } from '../scope/entity-errors.ts'
import { createProject } from './create-project.ts'
import { listProjects } from './list-projects.ts'
import { toProject } from './to-project.ts'
import { updateProject } from './update-project.ts'

export function mountProjectRoutes({ route, deps }: Mount): void {
  route(createContract, async ({ actor, query, body }) => ({
    project: await createProject(deps, actor, query.orgIdentifier, body.project),
  }))
  route(listContract, ({ actor, query }) => listProjects(deps, actor, query))
  route(
    getContract,
    async ({ actor, params, query }) => {
      const { orgIdentifier } = query
      const row = await deps.prisma.project.findUnique({
        where: {
          accountId_orgIdentifier_identifier: {
            accountId: actor.accountId,
            orgIdentifier,
            identifier: params.projectIdentifier,
          },
        },
      })
      if (row === null) throw notFound('project', params.projectIdentifier, { orgIdentifier })
      return { project: toProject(row) }
    },
    projectScope,
  )
  route(
    updateContract,
    async ({ actor, params, query, body }) => ({
      project: await updateProject(deps, actor, query.orgIdentifier, params.projectIdentifier, body.project),
    }),
    projectScope,
  )
}

/** Organisation from the query, project from the path. */
const projectScope = {
  scopeOf: (input: {
    params: { projectIdentifier: string }
    query: { orgIdentifier: string }
    actor: { accountId: string }
  }) => ({
    accountId: input.actor.accountId,
    orgIdentifier: input.query.orgIdentifier,
    projectIdentifier: input.params.projectIdentifier,
  }),
}
