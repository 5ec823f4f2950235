import { Button } from '@mantine/core'
import { IconClipboardList, IconDownload, IconShieldCheck } from '@tabler/icons-react'
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call, urlOf } from '../../api/call.ts'
import { ACCOUNT, useMay } from '../../api/permissions.ts'
import { CutText, Dim, TwoLines } from '../../design/cell.tsx'
import { DataTable } from '../../design/data-table.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Page } from '../../design/page.tsx'
import { EmptyState, FailureNote } from '../../design/states.tsx'
import { Ago } from '../../design/time.tsx'
import { useNow } from '../../design/use-now.ts'
import { AuditDrawer } from './audit-drawer.tsx'
import { AuditFilters } from './audit-filters.tsx'
import { ACTIONS, type AuditSearch, filterOf, isFiltered } from './audit-search.ts'
import { ChainResult } from './chain-result.tsx'
import { placeText, resourceText } from './event-text.ts'
import { auditRoute } from './route.ts'

const PAGE_SIZE = 50
const MINUTE_MS = 60_000

/** Who did what, when, from where; each event chained to the one before. */
export function AuditPage() {
  const search = auditRoute.useSearch()
  const navigate = auditRoute.useNavigate()
  const mayView = useMay('core_audit_view', ACCOUNT)
  const now = useNow(MINUTE_MS)
  const pageIndex = (search.page ?? 1) - 1
  const filter = filterOf(search, now)
  const list = useQuery({
    queryKey: ['audits', 'list', filter, pageIndex],
    queryFn: ({ signal }) =>
      call('listAudits', { query: { pageIndex, pageSize: PAGE_SIZE }, body: filter }, { signal }),
    placeholderData: keepPreviousData,
  })
  const verify = useMutation({ mutationFn: () => call('verifyAudits', { query: {} }) })
  const show = (changed: Partial<AuditSearch>, replace = true): void => {
    void navigate({ search: (before) => ({ ...before, ...changed }), replace, resetScroll: false })
  }
  const open = list.data?.content.find((event) => event.auditId === search.event)
  return (
    <Page
      title="Audit trail"
      subtitle="Who did what, when and from where. Each event carries the hash of the one before it."
      actions={
        <>
          <GuardedButton
            may={mayView}
            variant="default"
            loading={verify.isPending}
            leftSection={<IconShieldCheck size={15} />}
            onClick={() => verify.mutate()}
          >
            Verify chain
          </GuardedButton>
          {mayView.isAllowed ? (
            <Button
              component="a"
              variant="default"
              href={exportUrl(filter)}
              download
              leftSection={<IconDownload size={15} />}
            >
              Export CSV
            </Button>
          ) : (
            <GuardedButton may={mayView} variant="default" leftSection={<IconDownload size={15} />}>
              Export CSV
            </GuardedButton>
          )}
        </>
      }
      toolbar={
        mayView.reason === undefined ? (
          <AuditFilters
            search={search}
            onChange={(changed) => show({ page: undefined, ...changed })}
            onClear={() => void navigate({ search: {}, replace: true })}
          />
        ) : undefined
      }
    >
      {verify.data === undefined ? null : <ChainResult result={verify.data} />}
      <FailureNote error={verify.error} />
      <DataTable
        label="Audit events"
        isTwoLine
        rows={list.data?.content}
        isStale={list.isPlaceholderData}
        error={list.data === undefined ? (list.error ?? undefined) : undefined}
        onRetry={() => void list.refetch()}
        rowKey={(event) => event.auditId}
        isSelected={(event) => event.auditId === search.event}
        onOpen={(event) => show({ event: event.auditId }, false)}
        empty={
          isFiltered(search) ? (
            <EmptyState
              title="No event is like that"
              action={
                <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
                  Show all
                </Button>
              }
            />
          ) : (
            <EmptyState icon={<IconClipboardList size={26} stroke={1.6} />} title="Nothing has happened yet" />
          )
        }
        columns={[
          { key: 'time', header: 'When', width: 110, cell: ({ time }) => <Ago at={time} /> },
          { key: 'who', header: 'Who', width: 125, cell: ({ principal }) => principal.name },
          {
            key: 'action',
            header: 'Action',
            width: 105,
            cell: (event) => (
              <Link from={auditRoute.fullPath} to="." search={(before) => ({ ...before, event: event.auditId })}>
                {ACTIONS[event.action]}
              </Link>
            ),
          },
          {
            key: 'what',
            header: 'What',
            cell: ({ resource }) => (
              <TwoLines
                first={<CutText text={resource.name ?? resource.identifier} />}
                second={
                  <CutText
                    text={`${resourceText(resource.type)}${resource.name === undefined ? '' : ` · ${resource.identifier}`}`}
                  />
                }
              />
            ),
          },
          { key: 'scope', header: 'Where', width: 175, cell: ({ scope }) => <Dim>{placeText(scope)}</Dim> },
          {
            key: 'from',
            header: 'From',
            width: 115,
            cell: ({ source }) => <Dim>{source?.ip ?? 'Sluice itself'}</Dim>,
          },
          {
            key: 'sequence',
            header: 'No.',
            width: 70,
            align: 'right',
            cell: ({ sequence }) => <Dim>{sequence.toLocaleString()}</Dim>,
          },
        ]}
        paging={{
          pageIndex,
          pageSize: PAGE_SIZE,
          total: list.data?.totalItems ?? 0,
          onPage: (index) => show({ page: index === 0 ? undefined : index + 1 }, false),
        }}
      />
      {search.event !== undefined && list.data !== undefined ? (
        <AuditDrawer event={open} onClose={() => show({ event: undefined })} />
      ) : null}
    </Page>
  )
}

function exportUrl({ actions, resourceTypes, principalIds, ...filter }: ReturnType<typeof filterOf>): string {
  return urlOf('exportAudits', {
    query: {
      ...filter,
      actions: actions?.join(','),
      resourceTypes: resourceTypes?.join(','),
      principalIds: principalIds?.join(','),
    },
  })
}
