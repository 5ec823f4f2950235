import { Button, Group, Modal, NumberInput, Select, Stack, Switch, Text, TextInput } from '@mantine/core'
import type { PipelineInput } from '@sluice/contracts/pipeline-inputs'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { call } from '../api/call.ts'
import { ApiProblem } from '../api/problem.ts'
import { inputTemplateQuery } from '../api/pipelines.ts'
import { usePaths, useProject } from '../api/project.ts'
import { FailedState, FailureNote, LoadingRows } from '../design/states.tsx'

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

interface InputFieldProps {
  input: PipelineInput
  isFirst: boolean
  value: string
  onChange: (value: string) => void
  error: string | undefined
}

function hintOf({ description, regex, owner }: PipelineInput): string {
  const place =
    owner.kind === 'pipeline' ? undefined : `Of ${owner.kind === 'stepGroup' ? 'group' : owner.kind} ${owner.name}.`
  const form = regex === undefined ? undefined : `Must match ${regex}.`
  return [description, place, form].filter(Boolean).join(' ')
}

function InputField({ input, isFirst, value, onChange, error }: InputFieldProps) {
  const scope = useProject()
  const common = {
    label: input.name,
    description: hintOf(input) || undefined,
    required: input.required,
    autoFocus: isFirst,
    'data-autofocus': isFirst || undefined,
    placeholder: input.default === undefined ? undefined : `${input.default} (default)`,
    error,
  }
  const schemas = useQuery({
    queryKey: ['schemas', scope.org, scope.project, 'choice'],
    queryFn: ({ signal }) =>
      call('listDbSchemas', { params: { org: scope.org, project: scope.project }, query: { limit: 100 } }, { signal }),
    enabled: input.type === 'DbSchema',
  })
  const choices =
    input.allowedValues ?? (input.type === 'DbSchema' ? schemas.data?.map(({ identifier }) => identifier) : undefined)
  if (choices !== undefined) {
    return (
      <Select
        {...common}
        data={[...choices]}
        searchable
        value={value || null}
        onChange={(next) => onChange(next ?? '')}
        clearable={!input.required}
      />
    )
  }
  switch (input.type) {
    case 'Number':
      return <NumberInput {...common} value={value} onChange={(next) => onChange(String(next))} />
    case 'Boolean':
      return (
        <Switch
          label={input.name}
          description={common.description}
          error={error}
          checked={(value || input.default) === 'true'}
          onChange={(event) => onChange(String(event.currentTarget.checked))}
        />
      )
    case 'Secret':
      return (
        <TextInput
          {...common}
          description={common.description ?? 'Identifier of a secret; its value stays where it is.'}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )
    case 'String':
    case 'Duration':
    case 'List':
    case 'DbSchema':
    case 'DbInstance':
    case 'Connector':
      return <TextInput {...common} value={value} onChange={(event) => onChange(event.currentTarget.value)} />
  }
}
