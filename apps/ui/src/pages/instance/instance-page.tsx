import { Tabs } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { call } from '../../api/call.ts'
import { useDatabaseRequests } from '../../api/database-request.ts'
import { useExecutionsStream } from '../../api/executions.ts'
import { useMay } from '../../api/permissions.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { instanceQuery, overviewQuery, schemaQuery } from '../../api/schemas.ts'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Page } from '../../design/page.tsx'
import { FailedState, LoadingRows } from '../../design/states.tsx'
import { countWords } from '../../matrix/count-marks.tsx'
import { RefreshStrip } from '../../matrix/refresh-strip.tsx'
import { baselineCount } from '../connect/baseline-count.ts'
import { Baseline } from '../connect/baseline.tsx'
import { ChangesetsTab } from './changesets-tab.tsx'
import { GitRef } from './git-ref.tsx'
import { InstanceSettings } from './instance-settings.tsx'
import { OverviewTab } from './overview-tab.tsx'
import { PlansTab } from './plans-tab.tsx'
import { type InstanceSearch, TABS } from './search.ts'

const routeApi = getRouteApi('/signed-in/orgs/$org/projects/$project/schemas/$schema/instances/$instance')
const TAB_NAMES = { overview: 'Overview', changesets: 'Changesets', plans: 'Plans', settings: 'Settings' }

/** One database of a schema: whether it is reachable, what it has of the changelog, and what was planned for it. */
export function InstancePage() {
  const { org, project, schema, instance } = routeApi.useParams()
  const address = { org, project, schema }
  const search = routeApi.useSearch()
  const navigate = routeApi.useNavigate()
  const paths = usePaths()
  useExecutionsStream(useProject())
  const parent = useQuery(schemaQuery(address))
  const one = useQuery(instanceQuery({ ...address, instance }))
  const overview = useQuery(overviewQuery(address)).data?.find((item) => item.instance === instance)
  const requests = useDatabaseRequests(address)
  const mayLook = useMay('core_connector_access')
  const tab = search.tab ?? 'overview'
  const toMark = baselineCount(overview)
  const show = (changed: Partial<InstanceSearch>): void => {
    void navigate({ search: (before: InstanceSearch) => ({ ...before, ...changed }), replace: true })
  }
  const refresh = (): void => {
    void requests.start([instance], async () => [
      await call('refreshInstance', { params: { ...address, instance }, query: { waitSeconds: 1 } }),
    ])
  }
  const crumbs = [
    { label: 'DB schemas', to: paths.schemas },
    { label: parent.data?.name ?? schema, to: paths.schema(schema) },
  ]
  if (one.data === undefined) {
    return (
      <Page title={instance} crumbs={crumbs}>
        {one.error === null ? <LoadingRows /> : <FailedState error={one.error} onRetry={() => void one.refetch()} />}
      </Page>
    )
  }
  return (
    <Page
      title={one.data.name}
      crumbs={crumbs}
      layout={tab === 'changesets' ? 'full' : 'flow'}
      subtitle={
        <>
          <GitRef instance={one.data} />
          <span>{overview === undefined || overview.counts.total === 0 ? '' : countWords(overview.counts)}</span>
        </>
      }
      actions={
        <GuardedButton
          may={mayLook}
          variant="default"
          leftSection={<IconRefresh size={15} />}
          loading={requests.isRunning}
          onClick={refresh}
        >
          Look at the database now
        </GuardedButton>
      }
      toolbar={
        <Tabs
          value={tab}
          onChange={(value) => {
            const next = TABS.find((known) => known === value)
            if (next !== undefined)
              show({ tab: next === 'overview' ? undefined : next, cell: undefined, plan: undefined })
          }}
          w="100%"
        >
          <Tabs.List>
            {TABS.map((value) => (
              <Tabs.Tab key={value} value={value}>
                {TAB_NAMES[value]}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </Tabs>
      }
    >
      <RefreshStrip
        byInstance={requests.byInstance}
        nameOf={() => one.data.name}
        isRunning={requests.isRunning}
        onClose={requests.clear}
      />
      {tab === 'overview' ? <OverviewTab address={address} instance={one.data} overview={overview} /> : null}
      {tab === 'overview' && toMark > 0 ? (
        <Baseline
          address={address}
          instance={instance}
          pending={toMark}
          hasHistory={requests.byInstance[instance]?.request?.hasHistory}
          isRunning={requests.isRunning}
          onStart={(body) =>
            void requests.start([instance], async () => [
              await call('baselineInstance', { params: { ...address, instance }, query: { waitSeconds: 1 }, body }),
            ])
          }
        />
      ) : null}
      {tab === 'changesets' ? (
        <ChangesetsTab
          address={address}
          instance={one.data}
          search={search}
          onSearch={show}
          mayLook={mayLook}
          onRefresh={refresh}
        />
      ) : null}
      {tab === 'plans' ? (
        <PlansTab address={{ ...address, instance }} opened={search.plan} onOpen={(plan) => show({ plan })} />
      ) : null}
      {tab === 'settings' ? <InstanceSettings key={instance} address={address} instance={one.data} /> : null}
    </Page>
  )
}
