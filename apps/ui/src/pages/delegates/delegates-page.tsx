import { Tabs } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useDelegates } from '../../api/delegates.ts'
import { ACCOUNT, useMay } from '../../api/permissions.ts'
import { useProject } from '../../api/project.ts'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { LiveMark } from '../../design/live-mark.tsx'
import { Page } from '../../design/page.tsx'
import { SearchField } from '../../design/search-field.tsx'
import { DelegatesTable } from './delegates-table.tsx'
import { InstallPage } from './install-page.tsx'
import { delegatesRoute } from './route.ts'
import { TokensTable } from './tokens-table.tsx'

/** What runs next to the databases: delegates, live, and the tokens they enrol with. */
export function DelegatesPage() {
  const { query, org, project } = useProject()
  const search = delegatesRoute.useSearch()
  const navigate = delegatesRoute.useNavigate()
  const mayEdit = useMay('core_delegate_edit', ACCOUNT)
  const { list, stream } = useDelegates(query)
  if (search.install === true) return <InstallPage delegates={list.data} stream={stream} />
  const connected = (list.data ?? []).filter((delegate) => delegate.connected).length
  return (
    <Page
      title="Delegates"
      subtitle={
        <>
          <span>
            Those that can serve {org}/{project}
            {list.data === undefined ? '' : `: ${connected} of ${list.data.length} connected`}
          </span>
          {list.isSuccess ? <LiveMark state={stream} label="What changes shows here by itself" /> : null}
        </>
      }
      actions={
        <GuardedButton
          may={mayEdit}
          leftSection={<IconPlus size={15} />}
          onClick={() => void navigate({ search: { install: true } })}
        >
          Install a delegate
        </GuardedButton>
      }
    >
      <Tabs
        value={search.tab ?? 'delegates'}
        onChange={(tab) => void navigate({ search: tab === 'tokens' ? { tab } : {}, replace: true })}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="delegates">Delegates</Tabs.Tab>
          <Tabs.Tab value="tokens">Tokens</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="delegates">
          <SearchField
            label="Search name, tag, host"
            value={search.q ?? ''}
            onSearch={(term) => void navigate({ search: term === '' ? {} : { q: term }, replace: true })}
          />
          <DelegatesTable
            delegates={list.data}
            error={list.data === undefined ? (list.error ?? undefined) : undefined}
            onRetry={() => void list.refetch()}
            term={search.q ?? ''}
            onInstall={() => void navigate({ search: { install: true } })}
          />
        </Tabs.Panel>
        <Tabs.Panel value="tokens">
          <TokensTable />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}
