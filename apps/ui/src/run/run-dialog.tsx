import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import type { PipelineInput } from '@sluice/contracts/pipeline-inputs'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { call } from '../api/call.ts'
import { ApiProblem } from '../api/problem.ts'
import { inputTemplateQuery } from '../api/pipelines.ts'
import { usePaths, useProject } from '../api/project.ts'
import { FailedState, FailureNote, LoadingRows } from '../design/states.tsx'
import { InputField } from './input-field.tsx'

interface RunDialogProps {
  /** Of the pipeline. */
  identifier: string
  name: string
  onClose: () => void
}

/** Asks for what the pipeline leaves open, starts it, and goes to the run. */
export function RunDialog({ identifier, name, onClose }: RunDialogProps) {
  const scope = useProject()
  const paths = usePaths()
  const navigate = useNavigate()
  const template = useQuery(inputTemplateQuery(scope, identifier))
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const run = useMutation({
    mutationFn: async () => {
      const yaml = template.data?.inputSetTemplateYaml ?? null
      const inputs = template.data?.inputs ?? []
      // The YAML library comes only where there is something to fill in.
      const body = yaml === null ? undefined : (await import('./fill-template.ts')).fillTemplate(yaml, inputs, values)
      return call('executePipeline', { params: { identifier }, query: scope.query, body })
    },
    onSuccess: ({ planExecution }) => {
      onClose()
      void navigate({ to: paths.execution(planExecution.uuid) })
    },
  })
  const inputs = template.data?.inputs ?? []
  const problems = run.error instanceof ApiProblem ? run.error.problems : []
  const isPlaced = problems.length > 0 && problems.every(({ path }) => inputs.some((input) => input.path === path))
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (template.isSuccess && !run.isPending) run.mutate()
  }
  return (
    <Modal opened onClose={onClose} title={`Run ${name}`} size="md">
      {template.isError ? <FailedState error={template.error} onRetry={() => void template.refetch()} /> : null}
      {template.isPending ? <LoadingRows rows={2} /> : null}
      {template.isSuccess ? (
        <form onSubmit={submit} noValidate>
          <Stack gap="sm">
            {inputs.length === 0 ? (
              <Text size="sm" c="dimmed">
                It asks for nothing: everything it needs is in its YAML.
              </Text>
            ) : null}
            {inputs.map((input, index) => (
              <InputField
                key={input.path}
                input={input}
                isFirst={index === 0}
                schema={schemaBeside(input, inputs, values)}
                value={values[input.path] ?? ''}
                onChange={(value) => setValues({ ...values, [input.path]: value })}
                error={problems.find((problem) => problem.path === input.path)?.message}
              />
            ))}
            {isPlaced ? null : <FailureNote error={run.error} />}
            <Group justify="flex-end" gap="xs" mt={4}>
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              {/* The dialog is open before its template is here: what mounts later takes the focus by itself. */}
              <Button
                type="submit"
                loading={run.isPending}
                autoFocus={inputs.length === 0}
                data-autofocus={inputs.length === 0 || undefined}
              >
                Run
              </Button>
            </Group>
          </Stack>
        </form>
      ) : null}
    </Modal>
  )
}

/** The DB schema that the same step asks for: its instances are what an instance can be chosen from. */
function schemaBeside(
  { owner }: PipelineInput,
  inputs: readonly PipelineInput[],
  values: Readonly<Record<string, string>>,
): string | undefined {
  const beside = inputs.find(
    (input) =>
      input.type === 'DbSchema' && input.owner.kind === owner.kind && input.owner.identifier === owner.identifier,
  )
  return beside === undefined ? undefined : values[beside.path] || beside.default
}
