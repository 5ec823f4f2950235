import { Avatar, Button } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call } from '../../api/call.ts'
import { currentUserQuery } from '../../api/current-user.ts'
import { ACCOUNT, useMay } from '../../api/permissions.ts'
import { TwoLines } from '../../design/cell.tsx'
import { DataTable } from '../../design/data-table.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Page } from '../../design/page.tsx'
import { SearchField } from '../../design/search-field.tsx'
import { EmptyState } from '../../design/states.tsx'
import { StatusBadge } from '../../design/status-mark.tsx'
import type { StatusLook } from '../../design/status.ts'
import { TagList } from '../../design/tags.tsx'
import { Ago } from '../../design/time.tsx'
import { CreateUser } from './create-user.tsx'
import { assignmentText, type User } from './roles.ts'
import { type UsersSearch, usersRoute } from './route.ts'
import { UserDrawer } from './user-drawer.tsx'

const PAGE_SIZE = 20

/** People of the account, and what they may do. */
export function UsersPage() {
  const search = usersRoute.useSearch()
  const navigate = usersRoute.useNavigate()
  const mayManage = useMay('core_user_manage', ACCOUNT)
  const me = useQuery(currentUserQuery())
  const pageIndex = (search.page ?? 1) - 1
  const list = useQuery({
    queryKey: ['users', 'list', search.q, pageIndex],
    queryFn: ({ signal }) =>
      call(
        'listUsers',
        { query: { pageIndex, pageSize: PAGE_SIZE }, body: search.q === undefined ? {} : { searchTerm: search.q } },
        { signal },
      ),
    placeholderData: keepPreviousData,
  })
  const show = (changed: Partial<UsersSearch>, replace = false): void => {
    void navigate({ search: (before) => ({ ...before, ...changed }), replace, resetScroll: false })
  }
  return (
    <Page
      title="Users"
      subtitle="Who may sign in, and what they may do."
      actions={
        <GuardedButton may={mayManage} leftSection={<IconPlus size={15} />} onClick={() => show({ create: true })}>
          Add user
        </GuardedButton>
      }
      toolbar={
        <SearchField
          label="Search name or e-mail"
          value={search.q ?? ''}
          onSearch={(term) => show({ q: term === '' ? undefined : term, page: undefined }, true)}
        />
      }
    >
      <DataTable
        label="Users"
        isTwoLine
        rows={list.data?.content}
        isStale={list.isPlaceholderData}
        error={list.data === undefined ? (list.error ?? undefined) : undefined}
        onRetry={() => void list.refetch()}
        rowKey={({ user }) => user.uuid}
        isSelected={({ user }) => user.uuid === search.user}
        onOpen={({ user }) => show({ user: user.uuid })}
        empty={
          <EmptyState
            title={`Nobody is called “${search.q ?? ''}”`}
            action={
              <Button variant="default" onClick={() => show({ q: undefined }, true)}>
                Show all
              </Button>
            }
          />
        }
        columns={[
          {
            key: 'name',
            header: 'Name',
            cell: ({ user }) => (
              <TwoLines
                icon={<Avatar size={28} radius="xl" color="tide" name={user.name} aria-hidden />}
                first={
                  <>
                    <Link from={usersRoute.fullPath} to="." search={(before) => ({ ...before, user: user.uuid })}>
                      {user.name}
                    </Link>
                    {user.uuid === me.data?.uuid ? ' (you)' : ''}
                  </>
                }
                second={user.email}
              />
            ),
          },
          {
            key: 'roles',
            header: 'Roles',
            cell: ({ user }) => <TagList tags={user.roleAssignments.map(assignmentText)} none="none" />,
          },
          { key: 'state', header: 'State', width: 150, cell: ({ user }) => <StatusBadge look={stateOf(user)} /> },
          { key: 'created', header: 'Added', width: 130, cell: ({ user }) => <Ago at={user.createdAt} /> },
        ]}
        paging={{
          pageIndex,
          pageSize: PAGE_SIZE,
          total: list.data?.totalItems ?? 0,
          onPage: (index) => show({ page: index === 0 ? undefined : index + 1 }),
        }}
      />
      {search.create === true ? <CreateUser onClose={() => show({ create: undefined }, true)} /> : null}
      {search.user === undefined ? null : (
        <UserDrawer key={search.user} userId={search.user} onClose={() => show({ user: undefined }, true)} />
      )}
    </Page>
  )
}

function stateOf({ disabled, locked }: User): StatusLook {
  if (disabled) return { label: 'Disabled', tone: 'idle', shape: 'stop' }
  if (locked) return { label: 'Locked out', tone: 'waiting', shape: 'clock' }
  return { label: 'Active', tone: 'success', shape: 'check' }
}
