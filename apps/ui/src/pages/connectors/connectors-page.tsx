import { Button, Select } from '@mantine/core'
import { IconPlugConnected, IconPlus } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { call } from '../../api/call.ts'
import { useMay } from '../../api/permissions.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { referenceTo, scopeText } from '../../api/reference.ts'
import { CutText, Dim, TwoLines } from '../../design/cell.tsx'
import { DataTable } from '../../design/data-table.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Page } from '../../design/page.tsx'
import { SearchField } from '../../design/search-field.tsx'
import { EmptyState } from '../../design/states.tsx'
import { Ago } from '../../design/time.tsx'
import { addressOf, CATALOGUE, CONNECTOR_TYPES } from '../connector/catalogue.ts'
import { ConnectorIcon } from '../connector/connector-icon.tsx'
import { ConnectorStatus } from '../connector/connector-status.tsx'
import { type ConnectorsSearch, connectorsRoute } from './route.ts'

const PAGE_SIZE = 20
const STATUS_CHOICES = [
  { value: 'SUCCESS', label: 'Works' },
  { value: 'FAILURE', label: 'Does not work' },
  { value: 'UNKNOWN', label: 'Not tested' },
] as const

/** Connectors that the project can refer to: its own and those of the scopes above. */
export function ConnectorsPage() {
  const { query } = useProject()
  const paths = usePaths()
  const search = connectorsRoute.useSearch()
  const navigate = connectorsRoute.useNavigate()
  const go = useNavigate()
  const mayEdit = useMay('core_connector_edit')
  const pageIndex = (search.page ?? 1) - 1
  const isFiltered = search.q !== undefined || search.type !== undefined || search.status !== undefined
  const list = useQuery({
    queryKey: ['connectors', query, 'list', search],
    queryFn: ({ signal }) =>
      call(
        'listConnectors',
        {
          query: { ...query, pageIndex, pageSize: PAGE_SIZE, includeAllConnectorsAvailableAtScope: 'true' },
          body: {
            ...(search.q === undefined ? {} : { searchTerm: search.q }),
            ...(search.type === undefined ? {} : { types: [search.type] }),
            ...(search.status === undefined ? {} : { statuses: [search.status] }),
          },
        },
        { signal },
      ),
    placeholderData: keepPreviousData,
  })
  const show = (changed: Partial<ConnectorsSearch>): void => {
    void navigate({ search: (before) => ({ ...before, page: undefined, ...changed }), replace: true })
  }
  const create = (
    <GuardedButton
      may={mayEdit}
      leftSection={<IconPlus size={15} />}
      onClick={() => void go({ to: `${paths.connectors}/new` })}
    >
      New connector
    </GuardedButton>
  )
  return (
    <Page
      title="Connectors"
      subtitle="How Sluice reaches databases and repositories."
      actions={create}
      toolbar={
        <>
          <SearchField
            label="Search connectors"
            value={search.q ?? ''}
            onSearch={(term) => show({ q: term === '' ? undefined : term })}
          />
          <Select
            aria-label="Type"
            placeholder="Every type"
            clearable
            w={150}
            data={CONNECTOR_TYPES.map((type) => ({ value: type, label: CATALOGUE[type].title }))}
            value={search.type ?? null}
            onChange={(value) => show({ type: CONNECTOR_TYPES.find((type) => type === value) })}
          />
          <Select
            aria-label="Last test"
            placeholder="Any last test"
            clearable
            w={150}
            data={STATUS_CHOICES}
            value={search.status ?? null}
            onChange={(value) => show({ status: STATUS_CHOICES.find((choice) => choice.value === value)?.value })}
          />
        </>
      }
    >
      <DataTable
        label="Connectors"
        rows={list.data?.content}
        isStale={list.isPlaceholderData}
        error={list.data === undefined ? (list.error ?? undefined) : undefined}
        onRetry={() => void list.refetch()}
        rowKey={({ connector }) => referenceTo(connector)}
        onOpen={({ connector }) => void go({ to: paths.connector(referenceTo(connector)) })}
        empty={
          isFiltered ? (
            <EmptyState
              title="No connector is like that"
              action={
                <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
                  Show all
                </Button>
              }
            />
          ) : (
            <EmptyState icon={<IconPlugConnected size={26} stroke={1.6} />} title="No connectors yet" action={create}>
              A connector holds the address of a database or repository and the name of the secret that opens it.
            </EmptyState>
          )
        }
        columns={[
          {
            key: 'name',
            header: 'Name',
            width: '28%',
            cell: ({ connector }) => (
              <TwoLines
                icon={<ConnectorIcon type={connector.type} />}
                first={<Link to={paths.connector(referenceTo(connector))}>{connector.name}</Link>}
                second={referenceTo(connector)}
              />
            ),
          },
          { key: 'type', header: 'Type', width: 110, cell: ({ connector }) => CATALOGUE[connector.type].title },
          { key: 'status', header: 'Last test', width: 150, cell: ({ status }) => <ConnectorStatus status={status} /> },
          {
            key: 'tested',
            header: 'Tested',
            width: 120,
            cell: ({ status }) => (status.testedAt === undefined ? <Dim>–</Dim> : <Ago at={status.testedAt} />),
          },
          { key: 'url', header: 'Address', cell: ({ connector }) => <CutText text={addressOf(connector)} isCode /> },
          {
            key: 'scope',
            header: 'Belongs to',
            width: 130,
            cell: ({ connector }) => <Dim>{scopeText(connector)}</Dim>,
          },
        ]}
        paging={{
          pageIndex,
          pageSize: PAGE_SIZE,
          total: list.data?.totalItems ?? 0,
          onPage: (index) =>
            void navigate({ search: (before) => ({ ...before, page: index === 0 ? undefined : index + 1 }) }),
        }}
      />
    </Page>
  )
}
