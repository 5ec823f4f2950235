import type { PipelineDetail, PipelineSummary } from '@sluice/contracts/pipelines'
import { Tags } from '@sluice/contracts/ids'
import type { Pipeline } from '../../generated/prisma/client.ts'
import { shownStatus } from '../execution/execution-mapper.ts'

export type LastExecution = { id: string; status: string; startedAt: Date }

export function toPipelineSummary(row: Pipeline, last?: LastExecution): PipelineSummary {
  return {
    identifier: row.identifier,
    name: row.name,
    description: row.description ?? undefined,
    tags: Tags.parse(row.tags),
    orgIdentifier: row.orgIdentifier,
    projectIdentifier: row.projectIdentifier,
    version: row.version,
    createdAt: row.createdAt.getTime(),
    lastUpdatedAt: row.updatedAt.getTime(),
    lastExecution:
      last === undefined
        ? undefined
        : { executionId: last.id, status: shownStatus(last.status), startedAt: last.startedAt.getTime() },
  }
}

export function toPipelineDetail(row: Pipeline): PipelineDetail {
  return { ...toPipelineSummary(row), yamlPipeline: row.yaml }
}
