import { Button } from '@mantine/core'
import { IconKey, IconPlus } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call } from '../../api/call.ts'
import { useMay } from '../../api/permissions.ts'
import { useProject } from '../../api/project.ts'
import { referenceTo, scopeText } from '../../api/reference.ts'
import { Dim, TwoLines } from '../../design/cell.tsx'
import { DataTable } from '../../design/data-table.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Page } from '../../design/page.tsx'
import { SearchField } from '../../design/search-field.tsx'
import { EmptyState } from '../../design/states.tsx'
import { TagList, tagWords } from '../../design/tags.tsx'
import { Ago } from '../../design/time.tsx'
import { CreateSecret } from './create-secret.tsx'
import { type SecretsSearch, secretsRoute } from './route.ts'
import { SecretDrawer } from './secret-drawer.tsx'

const PAGE_SIZE = 20

/** Secrets that the project can refer to. Their values are nowhere on this page, nor in any answer of the API. */
export function SecretsPage() {
  const { query } = useProject()
  const search = secretsRoute.useSearch()
  const navigate = secretsRoute.useNavigate()
  const mayEdit = useMay('core_secret_edit')
  const pageIndex = (search.page ?? 1) - 1
  const list = useQuery({
    queryKey: ['secrets', query, 'list', search.q, pageIndex],
    queryFn: ({ signal }) =>
      call(
        'listSecrets',
        {
          query: { ...query, pageIndex, pageSize: PAGE_SIZE, includeAllSecretsAccessibleAtScope: 'true' },
          body: search.q === undefined ? {} : { searchTerm: search.q },
        },
        { signal },
      ),
    placeholderData: keepPreviousData,
  })
  const show = (changed: Partial<SecretsSearch>, replace = false): void => {
    void navigate({ search: (before) => ({ ...before, ...changed }), replace, resetScroll: false })
  }
  const create = (
    <GuardedButton may={mayEdit} leftSection={<IconPlus size={15} />} onClick={() => show({ create: true })}>
      New secret
    </GuardedButton>
  )
  return (
    <Page
      title="Secrets"
      subtitle="Passwords and tokens. Sealed when stored, opened only on the delegate that runs a task."
      actions={create}
      toolbar={
        <SearchField
          label="Search secrets"
          value={search.q ?? ''}
          onSearch={(term) => show({ q: term === '' ? undefined : term, page: undefined }, true)}
        />
      }
    >
      <DataTable
        label="Secrets"
        isTwoLine
        rows={list.data?.content}
        isStale={list.isPlaceholderData}
        error={list.data === undefined ? (list.error ?? undefined) : undefined}
        onRetry={() => void list.refetch()}
        rowKey={({ secret }) => referenceTo(secret)}
        isSelected={({ secret }) => referenceTo(secret) === search.secret}
        onOpen={({ secret }) => show({ secret: referenceTo(secret) })}
        empty={
          search.q === undefined ? (
            <EmptyState icon={<IconKey size={26} stroke={1.6} />} title="No secrets yet" action={create}>
              Store a password or token once, and name it wherever it is needed.
            </EmptyState>
          ) : (
            <EmptyState
              title={`No secret is called “${search.q}”`}
              action={
                <Button variant="default" onClick={() => show({ q: undefined }, true)}>
                  Show all
                </Button>
              }
            />
          )
        }
        columns={[
          {
            key: 'name',
            header: 'Name',
            width: '28%',
            cell: ({ secret }) => (
              <TwoLines
                icon={<IconKey size={16} stroke={1.7} aria-hidden />}
                first={
                  <Link
                    from={secretsRoute.fullPath}
                    to="."
                    search={(before) => ({ ...before, secret: referenceTo(secret) })}
                  >
                    {secret.name}
                  </Link>
                }
                second={referenceTo(secret)}
              />
            ),
          },
          {
            key: 'use',
            header: 'Used by',
            width: 170,
            cell: ({ usedByCount }) =>
              usedByCount === 0 ? (
                <Dim>nothing</Dim>
              ) : (
                `${usedByCount} ${usedByCount === 1 ? 'connector' : 'connectors'}`
              ),
          },
          {
            key: 'who',
            header: 'Readable by',
            width: 180,
            cell: ({ secret }) => (secret.spec.connectorsOnly ? 'connectors' : 'connectors, pipelines'),
          },
          { key: 'tags', header: 'Tags', width: 160, cell: ({ secret }) => <TagList tags={tagWords(secret.tags)} /> },
          {
            key: 'version',
            header: 'Value',
            width: 110,
            cell: ({ secretVersion }) => <Dim>version {secretVersion}</Dim>,
          },
          { key: 'updated', header: 'Changed', width: 120, cell: ({ updatedAt }) => <Ago at={updatedAt} /> },
          { key: 'scope', header: 'Belongs to', width: 130, cell: ({ secret }) => <Dim>{scopeText(secret)}</Dim> },
        ]}
        paging={{
          pageIndex,
          pageSize: PAGE_SIZE,
          total: list.data?.totalItems ?? 0,
          onPage: (index) => show({ page: index === 0 ? undefined : index + 1 }),
        }}
      />
      {search.create === true ? (
        <CreateSecret
          onMade={(reference) => show({ create: undefined, secret: reference }, true)}
          onClose={() => show({ create: undefined }, true)}
        />
      ) : null}
      {search.secret === undefined ? null : (
        <SecretDrawer key={search.secret} reference={search.secret} onClose={() => show({ secret: undefined }, true)} />
      )}
    </Page>
  )
}
