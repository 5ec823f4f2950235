import type { DbopsOverview } from '@sluice/contracts/dbops'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { inProject, type ProjectRef } from './schema-store.ts'

const DeploymentRow = z.object({
  schema_identifier: z.string(),
  schema_name: z.string(),
  instance_identifier: z.string(),
  instance_name: z.string(),
  last_deployed: z.date(),
})

/** Counts of a project, and the five instances that were deployed to last. */
export async function readOverview(
  deps: Pick<Deps, 'prisma' | 'pool'>,
  ref: ProjectRef,
): Promise<z.infer<typeof DbopsOverview>> {
  const [dbSchemaCount, dbInstanceCount, deployments] = await Promise.all([
    deps.prisma.dbSchema.count({ where: inProject(ref) }),
    deps.prisma.dbInstance.count({ where: { accountId: ref.accountId, schema: inProject(ref) } }),
    deps.pool.query(
      `select s.identifier as schema_identifier, s.name as schema_name,
              i.identifier as instance_identifier, i.name as instance_name, max(r.finished_at) as last_deployed
         from db_schema s
         join db_instance i on i.account_id = s.account_id and i.schema_id = s.id
         join step_report r on r.account_id = i.account_id and r.instance_id = i.id
        where s.account_id = $1 and s.org_identifier = $2 and s.project_identifier = $3
          and r.unit = 'apply' and r.outcome = 'succeeded'
        group by s.id, s.identifier, s.name, i.id, i.identifier, i.name
        order by last_deployed desc, i.id
        limit 5`,
      [ref.accountId, ref.org, ref.project],
    ),
  ])
  return {
    dbSchemaCount,
    dbInstanceCount,
    recentDeployments: deployments.rows.map((raw) => {
      const row = DeploymentRow.parse(raw)
      return {
        dbSchemaIdentifier: row.schema_identifier,
        dbSchemaName: row.schema_name,
        dbInstanceIdentifier: row.instance_identifier,
        dbInstanceName: row.instance_name,
        lastDeployed: row.last_deployed.getTime(),
      }
    }),
  }
}
