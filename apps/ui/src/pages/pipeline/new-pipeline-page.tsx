import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { call } from '../../api/call.ts'
import { useMay } from '../../api/permissions.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Page } from '../../design/page.tsx'
import { FailureNote, LoadingRows } from '../../design/states.tsx'
import { PipelineEditor } from './pipeline-editor.tsx'
import { starterYaml } from './starter-yaml.ts'
import { useDraft } from './use-draft.ts'

/** A pipeline from YAML; begins with one for the project's first database, if there is one. */
export function NewPipelinePage() {
  const scope = useProject()
  const paths = usePaths()
  const navigate = useNavigate()
  const client = useQueryClient()
  const mayEdit = useMay('core_pipeline_edit')
  const starter = useQuery({
    queryKey: ['starter-yaml', scope.org, scope.project],
    queryFn: async ({ signal }) => {
      const params = { org: scope.org, project: scope.project }
      const [schema] = await call('listDbSchemas', { params, query: { limit: 1 } }, { signal })
      if (schema === undefined) return starterYaml(scope, undefined)
      const [instance] = await call(
        'listDbInstances',
        { params: { ...params, schema: schema.identifier }, query: { limit: 1 }, body: {} },
        { signal },
      )
      return starterYaml(scope, { schema: schema.identifier, instance: instance?.identifier })
    },
    staleTime: Infinity,
  })
  const text = starter.data ?? (starter.isError ? starterYaml(scope, undefined) : undefined)
  const draft = useDraft(`${scope.org}/${scope.project} new`, text === undefined ? undefined : { text, version: 0 })
  const create = useMutation({
    mutationFn: () => call('createPipeline', { query: scope.query, body: draft.text }),
    onSuccess: async ({ identifier }) => {
      draft.clear()
      await client.invalidateQueries({ queryKey: ['pipelines'] })
      await navigate({ to: paths.pipeline(identifier) })
    },
  })
  const createNow = (): void => {
    if (mayEdit.isAllowed && !create.isPending) create.mutate()
  }
  return (
    <Page
      layout="full"
      title="New pipeline"
      crumbs={[{ label: 'Pipelines', to: paths.pipelines }]}
      actions={
        <GuardedButton may={mayEdit} loading={create.isPending} onClick={createNow}>
          Create
        </GuardedButton>
      }
    >
      <FailureNote error={create.error} />
      {starter.isPending ? (
        <LoadingRows rows={10} />
      ) : (
        <PipelineEditor yaml={draft.text} onChange={draft.change} onSave={createNow} isReadOnly={false} />
      )}
    </Page>
  )
}
