import { Drawer } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQueryClient, type UseQueryResult } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { call } from '../../api/call.ts'
import { useMay } from '../../api/permissions.ts'
import { usePaths } from '../../api/project.ts'
import type { DbInstance, InstanceOverview, SchemaAddress } from '../../api/schemas.ts'
import { DataTable } from '../../design/data-table.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { EmptyState } from '../../design/states.tsx'
import { TagList, tagWords } from '../../design/tags.tsx'
import { Ago } from '../../design/time.tsx'
import { CountMarks } from '../../matrix/count-marks.tsx'
import { InstanceForm } from '../instance/instance-form.tsx'
import { instanceBody } from '../instance/instance-draft.ts'
import { GitRef } from '../instance/git-ref.tsx'
import type { SchemaSearch } from './search.ts'

interface InstancesTabProps {
  address: SchemaAddress
  instances: UseQueryResult<{ items: DbInstance[]; total: number }>
  overview: readonly InstanceOverview[] | undefined
  search: SchemaSearch
  onSearch: (changed: Partial<SchemaSearch>) => void
}

/** The databases that get the changelog. */
export function InstancesTab({ address, instances, overview, search, onSearch }: InstancesTabProps) {
  const paths = usePaths()
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const mayEdit = useMay('dbops_instance_edit')
  const isOpen = search.new === true
  const close = (): void => onSearch({ new: undefined })
  const overviewOf = (instance: DbInstance) => overview?.find((one) => one.instance === instance.identifier)
  const add = (
    <GuardedButton may={mayEdit} leftSection={<IconPlus size={15} />} onClick={() => onSearch({ new: true })}>
      Add instance
    </GuardedButton>
  )
  return (
    <>
      <div>{add}</div>
      <DataTable
        label="Instances"
        rows={instances.data?.items}
        error={instances.error ?? undefined}
        onRetry={() => void instances.refetch()}
        rowKey={(instance) => instance.identifier}
        onOpen={(instance) => void navigate({ to: paths.instance(address.schema, instance.identifier) })}
        empty={
          <EmptyState title="No instances yet">
            An instance is one database: a connector, and the branch that it follows.
          </EmptyState>
        }
        columns={[
          {
            key: 'name',
            header: 'Name',
            cell: (instance) => <Link to={paths.instance(address.schema, instance.identifier)}>{instance.name}</Link>,
          },
          { key: 'connector', header: 'Connector', cell: (instance) => <code>{instance.connector}</code> },
          { key: 'ref', header: 'Follows', cell: (instance) => <GitRef instance={instance} /> },
          { key: 'tags', header: 'Tags', cell: (instance) => <TagList tags={tagWords(instance.tags)} /> },
          {
            key: 'state',
            header: 'State',
            width: 240,
            cell: (instance) => {
              const counts = overviewOf(instance)?.counts
              return counts === undefined ? null : <CountMarks counts={counts} />
            },
          },
          {
            key: 'look',
            header: 'Last look',
            width: 150,
            cell: (instance) => {
              const one = overviewOf(instance)
              if (one?.lastFailure !== undefined) return <span title={one.lastFailure.message}>Failed</span>
              return one?.lastRefreshedAt === undefined ? 'Never' : <Ago at={one.lastRefreshedAt} />
            },
          },
        ]}
      />
      <Drawer opened={isOpen} onClose={close} title="New instance" size={560} closeOnClickOutside={false}>
        <InstanceForm
          address={address}
          submitLabel="Add instance"
          onCancel={close}
          onSubmit={async (draft) => {
            const made = await call('createDbInstance', {
              params: address,
              body: { ...instanceBody(draft), identifier: draft.naming.identifier, name: draft.naming.name },
            })
            await Promise.all([
              queryClient.invalidateQueries({ queryKey: ['instances'] }),
              queryClient.invalidateQueries({ queryKey: ['schemas'] }),
              queryClient.invalidateQueries({ queryKey: ['matrix', address] }),
            ])
            await navigate({ to: paths.instance(address.schema, made.identifier) })
          }}
        />
      </Drawer>
    </>
  )
}
