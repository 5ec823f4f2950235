import { ActionIcon, Checkbox } from '@mantine/core'
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { delegatesQuery } from '../../api/delegates.ts'
import { useMay } from '../../api/permissions.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { instancesQuery, schemaQuery, type SchemaAddress } from '../../api/schemas.ts'
import { CodeBlock } from '../../design/code-block.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { identifierOf } from '../../design/identifier.ts'
import { NameFields, type Naming } from '../../design/name-fields.tsx'
import { FailureNote } from '../../design/states.tsx'
import classes from './connect.module.css'
import { createNumbered } from './create-numbered.ts'
import { pipelineYaml } from './pipeline-yaml.ts'

/** Makes a pipeline that previews and applies, and leads to it. `rights`: what the connection test said of the user's. */
export function PipelineStep({ address, rights }: { address: SchemaAddress; rights?: string }) {
  const { org, project, query } = useProject()
  const paths = usePaths()
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const mayEdit = useMay('core_pipeline_edit')
  const schema = useQuery(schemaQuery(address)).data
  const instances = useQuery(instancesQuery(address)).data?.items ?? []
  const delegates = useQuery(delegatesQuery(query)).data ?? []
  const [order, setOrder] = useState<string[]>([])
  const [left, setLeft] = useState<string[]>([])
  const [ownNaming, setNaming] = useState<Naming>()
  const name = `Ship ${schema?.name ?? address.schema}`.slice(0, 128)
  const naming = ownNaming ?? { name, identifier: identifierOf(name), isOwn: false }
  const sorted = instances.toSorted((one, other) => place(order, one.identifier) - place(order, other.identifier))
  const chosen = sorted.filter(({ identifier }) => !left.includes(identifier))
  const runtimes = delegates.filter(({ connected }) => connected).flatMap((delegate) => delegate.runtimes)
  const runtime = runtimes.includes('docker') && !runtimes.includes('process') ? 'Docker' : 'Process'
  const yamlOf = (identifier: string): string =>
    pipelineYaml({ name: naming.name, identifier, org, project, schema: address.schema, instances: chosen, runtime })
  const create = useMutation({
    mutationFn: () =>
      createNumbered(naming.identifier, naming.isOwn, (identifier) =>
        call('createPipeline', { query, body: yamlOf(identifier) }),
      ),
    onSuccess: async ({ identifier }) => {
      await queryClient.invalidateQueries({ queryKey: ['pipelines'] })
      await navigate({ to: paths.pipeline(identifier) })
    },
  })
  const move = (index: number, by: number): void => {
    const next = sorted.map(({ identifier }) => identifier)
    const [one] = next.splice(index, 1)
    if (one !== undefined) next.splice(index + by, 0, one)
    setOrder(next)
  }
  return (
    <>
      <p className={classes.lead}>
        For each database the pipeline shows the SQL first, then runs exactly that. Applying needs a user that may
        write; a read-only one gets as far as the preview.{' '}
        {rights === undefined ? null : <>The connection test says: {rights}.</>}
      </p>
      <NameFields value={naming} onChange={setNaming} />
      {sorted.length < 2 ? null : (
        <ol className={classes.order} aria-label="Order of delivery">
          {sorted.map(({ identifier, name: label }, index) => (
            <li key={identifier}>
              <Checkbox
                label={label}
                checked={!left.includes(identifier)}
                onChange={(event) =>
                  setLeft(
                    event.currentTarget.checked ? left.filter((one) => one !== identifier) : [...left, identifier],
                  )
                }
              />
              <ActionIcon aria-label={`${label}: earlier`} disabled={index === 0} onClick={() => move(index, -1)}>
                <IconArrowUp size={15} />
              </ActionIcon>
              <ActionIcon
                aria-label={`${label}: later`}
                disabled={index === sorted.length - 1}
                onClick={() => move(index, 1)}
              >
                <IconArrowDown size={15} />
              </ActionIcon>
            </li>
          ))}
        </ol>
      )}
      <CodeBlock label="YAML of the pipeline" text={yamlOf(naming.identifier)} maxHeight={300} />
      <FailureNote error={create.error} />
      <div className={classes.buttons}>
        <GuardedButton
          may={mayEdit}
          loading={create.isPending}
          disabled={chosen.length === 0 || naming.name.trim() === ''}
          onClick={() => create.mutate()}
        >
          Make the pipeline
        </GuardedButton>
      </div>
    </>
  )
}

function place(order: readonly string[], identifier: string): number {
  const index = order.indexOf(identifier)
  return index === -1 ? order.length : index
}
