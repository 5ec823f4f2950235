import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call } from './call.ts'
import type { ProjectScope } from './project.ts'

/** A page of a project's pipelines with their last runs. */
export function pipelinesQuery(
  { query }: ProjectScope,
  page: { searchTerm?: string; pageIndex: number; pageSize: number },
) {
  return queryOptions({
    queryKey: ['pipelines', query, page],
    queryFn: ({ signal }) =>
      call('listPipelines', { query: { ...query, ...page, searchTerm: page.searchTerm || undefined } }, { signal }),
    placeholderData: keepPreviousData,
  })
}

/** One pipeline with its YAML. */
export function pipelineQuery({ query }: ProjectScope, identifier: string) {
  return queryOptions({
    queryKey: ['pipeline', query, identifier],
    queryFn: ({ signal }) => call('getPipeline', { params: { identifier }, query }, { signal }),
  })
}

/** JSON Schema of the YAML. It changes with the server's version only. */
export function pipelineSchemaQuery() {
  return queryOptions({
    queryKey: ['pipeline-schema'],
    queryFn: ({ signal }) => call('getPipelineSchema', {}, { signal }),
    staleTime: Infinity,
  })
}

/** What a run of the pipeline asks for. */
export function inputTemplateQuery({ query }: ProjectScope, pipelineIdentifier: string) {
  return queryOptions({
    queryKey: ['pipeline', query, pipelineIdentifier, 'inputs'],
    queryFn: ({ signal }) => call('getInputTemplate', { query: { ...query, pipelineIdentifier } }, { signal }),
    staleTime: 0,
  })
}
