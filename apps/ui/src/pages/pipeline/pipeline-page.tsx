import { ActionIcon, Button, Menu } from '@mantine/core'
import { IconDots, IconHistory, IconPlayerPlay, IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { useMay } from '../../api/permissions.ts'
import { pipelineQuery } from '../../api/pipelines.ts'
import { ApiProblem } from '../../api/problem.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { DeleteDialog } from '../../design/delete-dialog.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Page } from '../../design/page.tsx'
import { FailedState, FailureNote, LoadingRows } from '../../design/states.tsx'
import { Ago } from '../../design/time.tsx'
import { RunDialog } from '../../run/run-dialog.tsx'
import { PipelineEditor } from './pipeline-editor.tsx'
import { pipelineRoute } from './route.ts'
import { useDraft } from './use-draft.ts'

export function PipelinePage() {
  const { pipeline: identifier } = pipelineRoute.useParams()
  const scope = useProject()
  return <Editor key={`${scope.org}/${scope.project}/${identifier}`} identifier={identifier} />
}

function Editor({ identifier }: { identifier: string }) {
  const scope = useProject()
  const paths = usePaths()
  const navigate = useNavigate()
  const client = useQueryClient()
  const mayEdit = useMay('core_pipeline_edit')
  const mayRun = useMay('core_pipeline_execute')
  const mayDelete = useMay('core_pipeline_delete')
  const query = pipelineQuery(scope, identifier)
  const pipeline = useQuery({ ...query, refetchOnWindowFocus: false })
  const draft = useDraft(
    `${scope.org}/${scope.project}/${identifier}`,
    pipeline.data === undefined ? undefined : { text: pipeline.data.yamlPipeline, version: pipeline.data.version },
  )
  const [dialog, setDialog] = useState<'run' | 'delete'>()

  const save = useMutation({
    mutationFn: ({ text, base }: { text: string; base: number }) =>
      call(
        'updatePipeline',
        { params: { identifier }, query: scope.query, body: text },
        { headers: { 'if-match': String(base) } },
      ),
    onSuccess: async (saved, { text }) => {
      if (pipeline.data !== undefined) {
        client.setQueryData(query.queryKey, { ...pipeline.data, version: saved.version, yamlPipeline: text })
      }
      draft.settle(text, saved.version)
      await client.invalidateQueries({ queryKey: ['pipelines'] })
      await pipeline.refetch()
    },
  })
  const canSave = mayEdit.isAllowed && draft.isChanged && !save.isPending && pipeline.data !== undefined
  const saveNow = (): void => {
    if (canSave) save.mutate({ text: draft.text, base: draft.base })
  }
  const isConflict = save.error instanceof ApiProblem && save.error.code === 'VERSION_CONFLICT'

  if (pipeline.isError && pipeline.data === undefined) {
    return <FailedState error={pipeline.error} onRetry={() => void pipeline.refetch()} />
  }
  const name = pipeline.data?.name ?? identifier
  return (
    <Page
      layout="full"
      title={name}
      crumbs={[{ label: 'Pipelines', to: paths.pipelines }]}
      subtitle={
        <>
          <code>{identifier}</code>
          {pipeline.data === undefined ? null : (
            <span>
              Changed <Ago at={pipeline.data.lastUpdatedAt} />
            </span>
          )}
          {draft.isChanged ? <strong>Not saved</strong> : null}
        </>
      }
      actions={
        <>
          <Button
            variant="subtle"
            color="gray"
            component={Link}
            to={`${paths.executions}?pipeline=${identifier}`}
            leftSection={<IconHistory size={15} />}
          >
            Runs
          </Button>
          {draft.isChanged ? (
            <Button variant="subtle" color="gray" onClick={draft.clear}>
              Discard
            </Button>
          ) : null}
          <GuardedButton may={mayEdit} variant="default" disabled={!canSave} loading={save.isPending} onClick={saveNow}>
            Save
          </GuardedButton>
          <GuardedButton
            may={mayRun}
            disabled={draft.isChanged}
            leftSection={<IconPlayerPlay size={15} />}
            onClick={() => setDialog('run')}
          >
            Run
          </GuardedButton>
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon aria-label="More">
                <IconDots size={17} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item
                color="red"
                leftSection={<IconTrash size={15} />}
                disabled={!mayDelete.isAllowed}
                onClick={() => setDialog('delete')}
              >
                Delete …
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      {save.isError ? (
        <FailureNote
          error={save.error}
          onRetry={
            isConflict
              ? () => {
                  // What was typed stays; saving again goes on top of what somebody else saved.
                  save.reset()
                  void pipeline.refetch().then(({ data }) => draft.rebase(data?.version ?? draft.base))
                }
              : undefined
          }
        />
      ) : null}
      {pipeline.data === undefined ? (
        <LoadingRows rows={10} />
      ) : (
        <PipelineEditor yaml={draft.text} onChange={draft.change} onSave={saveNow} isReadOnly={!mayEdit.isAllowed} />
      )}
      {dialog === 'run' ? <RunDialog identifier={identifier} name={name} onClose={() => setDialog(undefined)} /> : null}
      {dialog === 'delete' ? (
        <DeleteDialog
          kind="pipeline"
          name={name}
          hasToBeTyped
          onDelete={async () => {
            await call('deletePipeline', { params: { identifier }, query: scope.query })
            draft.clear()
            await client.invalidateQueries({ queryKey: ['pipelines'] })
            await navigate({ to: paths.pipelines })
          }}
          onClose={() => setDialog(undefined)}
        >
          Its runs and their logs stay. The YAML is gone.
        </DeleteDialog>
      ) : null}
    </Page>
  )
}
