import { Principal } from '@sluice/contracts/access'
import type { PipelineDetail, PipelineSummary } from '@sluice/contracts/pipelines'
import { Tags } from '@sluice/contracts/ids'
import type { Execution, Pipeline } from '../../generated/prisma/client.ts'
import { shownStatus } from '../execution/execution-mapper.ts'

export type RecentRow = Pick<Execution, 'id' | 'status' | 'startedAt' | 'endedAt' | 'runSequence' | 'principal'>

function toPipelineSummary(row: Pipeline): PipelineSummary {
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
  }
}

/** A pipeline of a list with its last executions, newest first. */
export function toListedPipeline(row: Pipeline, recent: readonly RecentRow[]): PipelineSummary {
  const [last] = recent
  return {
    ...toPipelineSummary(row),
    lastExecution:
      last === undefined
        ? undefined
        : { executionId: last.id, status: shownStatus(last.status), startedAt: last.startedAt.getTime() },
    recentExecutions: recent.map((execution) => ({
      executionId: execution.id,
      status: shownStatus(execution.status),
      startTs: execution.startedAt.getTime(),
      endTs: execution.endedAt?.getTime(),
      runSequence: execution.runSequence,
      triggeredBy: Principal.parse(execution.principal),
    })),
  }
}

export function toPipelineDetail(row: Pipeline): PipelineDetail {
  return { ...toPipelineSummary(row), yamlPipeline: row.yaml }
}
