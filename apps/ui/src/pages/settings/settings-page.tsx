import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/call.ts'
import { ACCOUNT } from '../../api/permissions.ts'
import { useProject } from '../../api/project.ts'
import type { EntityScope } from '../../api/reference.ts'
import { Page, Panel } from '../../design/page.tsx'
import { FailedState, LoadingRows } from '../../design/states.tsx'
import { FeatureFlags } from './feature-flags.tsx'
import { LEVELS, settingsRoute } from './route.ts'
import { SettingRow } from './setting-row.tsx'

/** Settings in effect, where each value comes from, and the account's feature flags. */
export function SettingsPage() {
  const { org, project, query } = useProject()
  const { level } = settingsRoute.useSearch()
  const navigate = settingsRoute.useNavigate()
  const scopes: Record<'account' | (typeof LEVELS)[number], EntityScope> = {
    account: ACCOUNT,
    org: { orgIdentifier: org },
    project: query,
  }
  const scope = scopes[level ?? 'account']
  const settings = useQuery({
    queryKey: ['settings', scope],
    queryFn: ({ signal }) => call('listSettings', { query: scope }, { signal }),
  })
  return (
    <Page
      title="Settings"
      subtitle="A value set further down wins, unless the level above forbids it."
      toolbar={
        <SegmentedControl
          size="xs"
          aria-label="Settings of"
          data={[
            { value: 'account', label: 'Account' },
            { value: 'org', label: `Organisation ${org}` },
            { value: 'project', label: `Project ${project}` },
          ]}
          value={level ?? 'account'}
          onChange={(value) => {
            const chosen = LEVELS.find((item) => item === value)
            void navigate({ search: chosen === undefined ? {} : { level: chosen }, replace: true })
          }}
        />
      }
    >
      <Panel title="Values" isFlush>
        {settings.data === undefined ? (
          settings.error === null ? (
            <LoadingRows rows={3} height={56} />
          ) : (
            <FailedState error={settings.error} onRetry={() => void settings.refetch()} />
          )
        ) : (
          settings.data.map((setting) => (
            <SettingRow
              key={`${setting.identifier} ${level ?? ''}`}
              setting={setting}
              level={level ?? 'account'}
              scope={scope}
            />
          ))
        )}
      </Panel>
      <FeatureFlags />
    </Page>
  )
}
