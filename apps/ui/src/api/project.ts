import { useParams } from '@tanstack/react-router'
import { useMemo } from 'react'

const LAST_PROJECT = 'sluice-last-project'

export interface ProjectScope {
  org: string
  project: string
  /** The scope as the platform and pipeline APIs take it. */
  query: { orgIdentifier: string; projectIdentifier: string }
}

/** Project that the address names; outside a project's pages the one looked at last. */
export function useProject(): ProjectScope {
  const { org, project } = useParams({ strict: false })
  const last = lastProject()
  const scope = org === undefined || project === undefined ? last : { org, project }
  return useMemo(
    () => ({
      org: scope.org,
      project: scope.project,
      query: { orgIdentifier: scope.org, projectIdentifier: scope.project },
    }),
    [scope.org, scope.project],
  )
}

/** The project looked at last in this browser; the first account's own until another was. */
export function lastProject(): { org: string; project: string } {
  const [org, project] = (readStorage(LAST_PROJECT) ?? '').split('/')
  return org !== undefined && project !== undefined && org !== ''
    ? { org, project }
    : { org: 'default', project: 'default_project' }
}

export function rememberProject({ org, project }: { org: string; project: string }): void {
  try {
    localStorage.setItem(LAST_PROJECT, `${org}/${project}`)
  } catch {
    // Storage is switched off or full: the next visit begins at the default project.
    return
  }
}

function readStorage(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

/** Addresses of a project's pages. */
export function pathsOf({ org, project }: { org: string; project: string }) {
  const base = `/orgs/${encodeURIComponent(org)}/projects/${encodeURIComponent(project)}`
  const part = encodeURIComponent
  return {
    home: base,
    connect: `${base}/connect`,
    pipelines: `${base}/pipelines`,
    newPipeline: `${base}/pipelines/new`,
    pipeline: (pipeline: string) => `${base}/pipelines/${part(pipeline)}`,
    executions: `${base}/executions`,
    execution: (executionId: string) => `${base}/executions/${part(executionId)}`,
    schemas: `${base}/schemas`,
    schema: (schema: string) => `${base}/schemas/${part(schema)}`,
    instance: (schema: string, instance: string) => `${base}/schemas/${part(schema)}/instances/${part(instance)}`,
    connectors: `${base}/connectors`,
    connector: (connector: string) => `${base}/connectors/${part(connector)}`,
    secrets: `${base}/secrets`,
  }
}

/** Addresses of the pages of the project at hand. */
export function usePaths() {
  const scope = useProject()
  return useMemo(() => pathsOf(scope), [scope])
}
