import { Tabs } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { call } from '../../api/call.ts'
import { useDatabaseRequests } from '../../api/database-request.ts'
import { useExecutionsStream } from '../../api/executions.ts'
import { useMay } from '../../api/permissions.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { INSTANCES_PER_PAGE, instancesQuery, overviewQuery, schemaQuery } from '../../api/schemas.ts'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Page } from '../../design/page.tsx'
import { FailedState } from '../../design/states.tsx'
import { TagList, tagWords } from '../../design/tags.tsx'
import { RefreshStrip } from '../../matrix/refresh-strip.tsx'
import { InstancesTab } from './instances-tab.tsx'
import { MatrixTab } from './matrix-tab.tsx'
import { SettingsTab } from './settings-tab.tsx'
import { type SchemaSearch, TABS } from './search.ts'

const routeApi = getRouteApi('/signed-in/orgs/$org/projects/$project/schemas/$schema')
const TAB_NAMES = { matrix: 'Matrix', instances: 'Instances', settings: 'Settings' }

/** A schema: what each of its databases has of the changelog, the databases themselves, and its settings. */
export function SchemaPage() {
  const address = routeApi.useParams()
  const search = routeApi.useSearch()
  const navigate = routeApi.useNavigate()
  const paths = usePaths()
  // Runs that somebody else starts change what is shown here.
  useExecutionsStream(useProject())
  const schema = useQuery(schemaQuery(address))
  const instances = useQuery(instancesQuery(address))
  const overview = useQuery(overviewQuery(address))
  const requests = useDatabaseRequests(address)
  const mayLook = useMay('core_connector_access')
  const tab = search.tab ?? 'matrix'
  const show = (changed: Partial<SchemaSearch>): void => {
    void navigate({ search: (before: SchemaSearch) => ({ ...before, ...changed }), replace: true })
  }
  const refresh = (): void => {
    const all = (instances.data?.items ?? []).map(({ identifier }) => identifier)
    for (let from = 0; from < all.length; from += INSTANCES_PER_PAGE) {
      const some = all.slice(from, from + INSTANCES_PER_PAGE)
      void requests.start(some, async () => {
        const answer = await call('refreshSchema', { params: address, body: { instances: some } })
        return answer.requests
      })
    }
  }
  const crumbs = [{ label: 'DB schemas', to: paths.schemas }]
  if (schema.data === undefined && schema.error !== null) {
    return (
      <Page title={address.schema} crumbs={crumbs}>
        <FailedState error={schema.error} onRetry={() => void schema.refetch()} />
      </Page>
    )
  }
  const name = schema.data?.name ?? address.schema
  const hasInstances = (instances.data?.items.length ?? 0) > 0
  return (
    <Page
      title={name}
      crumbs={crumbs}
      layout={tab === 'matrix' ? 'full' : 'flow'}
      subtitle={
        <>
          <code>{schema.data?.changelog?.location}</code>
          {schema.data === undefined || Object.keys(schema.data.tags).length === 0 ? null : (
            <TagList tags={tagWords(schema.data.tags)} />
          )}
        </>
      }
      actions={
        <GuardedButton
          may={mayLook}
          variant="default"
          leftSection={<IconRefresh size={15} />}
          loading={requests.isRunning}
          disabled={!hasInstances}
          onClick={refresh}
        >
          Look at the databases now
        </GuardedButton>
      }
      toolbar={
        <Tabs
          value={tab}
          onChange={(value) => {
            const next = TABS.find((known) => known === value)
            if (next !== undefined) show({ tab: next === 'matrix' ? undefined : next, cell: undefined })
          }}
          w="100%"
        >
          <Tabs.List>
            {TABS.map((value) => (
              <Tabs.Tab key={value} value={value}>
                {TAB_NAMES[value]}
                {value === 'instances' && instances.data !== undefined ? ` ${instances.data.total}` : ''}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </Tabs>
      }
    >
      <RefreshStrip
        byInstance={requests.byInstance}
        nameOf={(id) => instances.data?.items.find(({ identifier }) => identifier === id)?.name ?? id}
        isRunning={requests.isRunning}
        onClose={requests.clear}
      />
      {tab === 'matrix' ? (
        <MatrixTab
          address={address}
          search={search}
          onSearch={show}
          hasInstances={instances.data === undefined || hasInstances}
          mayLook={mayLook}
          onRefresh={refresh}
        />
      ) : null}
      {tab === 'instances' ? (
        <InstancesTab
          address={address}
          instances={instances}
          overview={overview.data}
          search={search}
          onSearch={show}
        />
      ) : null}
      {tab === 'settings' && schema.data !== undefined && instances.data !== undefined ? (
        <SettingsTab
          key={schema.data.identifier}
          address={address}
          schema={schema.data}
          instances={instances.data.items}
        />
      ) : null}
    </Page>
  )
}
