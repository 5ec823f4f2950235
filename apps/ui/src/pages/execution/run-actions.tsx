import type { ExecutionDetail } from '@sluice/contracts/execution-graph'
import { Popover } from '@mantine/core'
import { IconPlayerStop, IconRefresh } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { executionQuery, idOf } from '../../api/executions.ts'
import { useMay } from '../../api/permissions.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { ConfirmDialog } from '../../design/confirm-dialog.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { FailureNote } from '../../design/states.tsx'

type Summary = ExecutionDetail['pipelineExecutionSummary']

/** Ends a run, after saying what that does to the database. */
export function AbortButton({ summary }: { summary: Summary }) {
  const [isAsking, setAsking] = useState(false)
  const may = useMay('core_pipeline_execute')
  const scope = useProject()
  const client = useQueryClient()
  const isAborting = summary.status === 'Discontinuing'
  const abort = async (): Promise<void> => {
    const executionId = idOf(summary.planExecutionId)
    await call('interruptExecution', { params: { executionId }, query: { ...scope.query, interruptType: 'AbortAll' } })
    await client.invalidateQueries({ queryKey: executionQuery(scope, executionId).queryKey })
  }
  return (
    <>
      <GuardedButton
        may={may}
        color="red"
        variant="light"
        leftSection={<IconPlayerStop size={15} />}
        loading={isAborting}
        onClick={() => setAsking(true)}
      >
        Abort
      </GuardedButton>
      {isAsking ? (
        <ConfirmDialog
          title={`Abort ${summary.name} #${summary.runSequence}?`}
          verb="Abort run"
          onConfirm={abort}
          onClose={() => setAsking(false)}
        >
          The statement that runs now is cancelled on the database server, and the run waits until the server has
          stopped it; its changeset is rolled back. Changesets that have finished stay in the database. Steps that have
          not begun do not run.
        </ConfirmDialog>
      ) : null}
    </>
  )
}

/** Runs the pipeline as it is now, with the inputs that this run had, and goes to the new run. */
export function RerunButton({ summary, isPrimary }: { summary: Summary; isPrimary: boolean }) {
  const may = useMay('core_pipeline_execute')
  const { query } = useProject()
  const paths = usePaths()
  const navigate = useNavigate()
  const rerun = useMutation({
    mutationFn: () =>
      call('rerunPipeline', {
        params: { executionId: idOf(summary.planExecutionId), identifier: summary.pipelineIdentifier },
        query,
      }),
    onSuccess: ({ planExecution }) => navigate({ to: paths.execution(planExecution.uuid) }),
  })
  return (
    <Popover
      withRoles={false}
      opened={rerun.isError}
      onClose={rerun.reset}
      position="bottom-end"
      width={380}
      shadow="md"
    >
      <Popover.Target>
        <span>
          <GuardedButton
            may={may}
            variant={isPrimary ? 'filled' : 'default'}
            leftSection={<IconRefresh size={15} />}
            loading={rerun.isPending}
            onClick={() => rerun.mutate()}
          >
            Run again
          </GuardedButton>
        </span>
      </Popover.Target>
      <Popover.Dropdown p={0}>
        <FailureNote error={rerun.error} />
      </Popover.Dropdown>
    </Popover>
  )
}
