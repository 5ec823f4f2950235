import { Modal, TextInput, Button } from '@mantine/core'
import { IconKey, IconPlus } from '@tabler/icons-react'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call, type Output } from '../../api/call.ts'
import { fieldProblem } from '../../api/field-problem.ts'
import { useMay } from '../../api/permissions.ts'
import type { EntityScope } from '../../api/reference.ts'
import { RowActions } from '../../design/cell.tsx'
import { ConfirmDialog } from '../../design/confirm-dialog.tsx'
import { DataTable } from '../../design/data-table.tsx'
import { Form } from '../../design/form.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { ShownOnce } from '../../design/shown-once.tsx'
import { EmptyState } from '../../design/states.tsx'
import { StatusBadge } from '../../design/status-mark.tsx'
import { TagList } from '../../design/tags.tsx'
import { Ago } from '../../design/time.tsx'
import classes from './delegates.module.css'
import { type Place, PlaceControl, useScopeOf } from './place.tsx'
import { delegatesRoute } from './route.ts'

type Token = Output<'listDelegateTokens'>['content'][number]

const PAGE_SIZE = 20
const LOOKS = {
  ACTIVE: { label: 'Active', tone: 'success', shape: 'check' },
  REVOKED: { label: 'Revoked', tone: 'idle', shape: 'stop' },
} as const

/** Tokens that delegates enrol with: made, revoked, deleted. */
export function TokensTable() {
  const [place, setPlace] = useState<Place>('account')
  const scope = useScopeOf(place)
  const navigate = delegatesRoute.useNavigate()
  const queryClient = useQueryClient()
  const mayEdit = useMay('core_delegate_edit', scope)
  const [pageIndex, setPageIndex] = useState(0)
  const [dialog, setDialog] = useState<{ kind: 'create' } | { kind: 'revoke' | 'delete'; token: Token }>()
  const list = useQuery({
    queryKey: ['delegate-tokens', scope, 'list', pageIndex],
    queryFn: ({ signal }) =>
      call('listDelegateTokens', { query: { ...scope, pageIndex, pageSize: PAGE_SIZE } }, { signal }),
    placeholderData: keepPreviousData,
  })
  const close = (): void => setDialog(undefined)
  return (
    <>
      <div className={classes.tools}>
        <PlaceControl
          value={place}
          onChange={(chosen) => {
            setPlace(chosen)
            setPageIndex(0)
          }}
        />
        <GuardedButton
          may={mayEdit}
          variant="default"
          leftSection={<IconPlus size={15} />}
          onClick={() => setDialog({ kind: 'create' })}
        >
          New token
        </GuardedButton>
      </div>
      <DataTable
        label="Delegate tokens"
        rows={list.data?.content}
        isStale={list.isPlaceholderData}
        error={list.data === undefined ? (list.error ?? undefined) : undefined}
        onRetry={() => void list.refetch()}
        rowKey={(token) => token.identifier}
        empty={
          <EmptyState icon={<IconKey size={26} stroke={1.6} />} title="No tokens here yet">
            A delegate shows its token once, when it enrols; from then on it has a key of its own.
          </EmptyState>
        }
        columns={[
          { key: 'name', header: 'Name', cell: ({ name }) => <strong>{name}</strong> },
          { key: 'status', header: 'Status', width: 130, cell: ({ status }) => <StatusBadge look={LOOKS[status]} /> },
          {
            key: 'names',
            header: 'For delegates named',
            width: 170,
            cell: ({ namePattern }) => (namePattern === '*' ? 'anything' : <code>{namePattern}</code>),
          },
          {
            key: 'tags',
            header: 'With tags',
            width: 190,
            cell: ({ allowedTags }) => (allowedTags === '*' ? 'any' : <TagList tags={allowedTags} none="none" />),
          },
          { key: 'created', header: 'Created', width: 120, cell: ({ createdAt }) => <Ago at={createdAt} /> },
          {
            key: 'actions',
            header: <span className="s-visually-hidden">Actions</span>,
            width: 210,
            cell: (token) => (
              <RowActions>
                {token.status === 'ACTIVE' ? (
                  <>
                    <GuardedButton
                      may={mayEdit}
                      variant="subtle"
                      onClick={() =>
                        void navigate({
                          search: { install: true, token: token.name, ...(place === 'project' ? { of: place } : {}) },
                        })
                      }
                    >
                      Install
                    </GuardedButton>
                    <GuardedButton
                      may={mayEdit}
                      variant="subtle"
                      color="red"
                      onClick={() => setDialog({ kind: 'revoke', token })}
                    >
                      Revoke
                    </GuardedButton>
                  </>
                ) : (
                  <GuardedButton
                    may={mayEdit}
                    variant="subtle"
                    color="red"
                    onClick={() => setDialog({ kind: 'delete', token })}
                  >
                    Delete
                  </GuardedButton>
                )}
              </RowActions>
            ),
          },
        ]}
        paging={{ pageIndex, pageSize: PAGE_SIZE, total: list.data?.totalItems ?? 0, onPage: setPageIndex }}
      />
      {dialog?.kind === 'create' ? <CreateToken scope={scope} onClose={close} /> : null}
      {dialog?.kind === 'revoke' ? (
        <ConfirmDialog
          title={`Revoke the token “${dialog.token.name}”?`}
          verb="Revoke"
          onClose={close}
          onConfirm={async () => {
            await call('revokeDelegateToken', { params: { name: dialog.token.name }, query: scope })
            await queryClient.invalidateQueries({ queryKey: ['delegate-tokens'] })
          }}
        >
          Every delegate that enrolled with it is disconnected at once and can’t come back. Tasks that run on them fail.
        </ConfirmDialog>
      ) : null}
      {dialog?.kind === 'delete' ? (
        <ConfirmDialog
          title={`Delete the token “${dialog.token.name}”?`}
          verb="Delete"
          onClose={close}
          onConfirm={async () => {
            await call('deleteDelegateToken', { params: { name: dialog.token.name }, query: scope })
            await queryClient.invalidateQueries({ queryKey: ['delegate-tokens'] })
          }}
        >
          It is revoked already; this removes it from the list.
        </ConfirmDialog>
      ) : null}
    </>
  )
}

function CreateToken({ scope, onClose }: { scope: EntityScope; onClose: () => void }) {
  const queryClient = useQueryClient()
  const mayEdit = useMay('core_delegate_edit', scope)
  const [name, setName] = useState('')
  const [namePattern, setNamePattern] = useState('*')
  const create = useMutation({
    mutationFn: () =>
      call('createDelegateToken', { query: scope, body: { delegateToken: { ...scope, name, namePattern } } }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['delegate-tokens'] }),
  })
  return (
    <Modal opened onClose={onClose} title="New delegate token" size="lg" closeOnClickOutside={false}>
      {create.data === undefined ? (
        <Form
          label="New delegate token"
          onSubmit={() => create.mutate()}
          error={create.error}
          actions={
            <>
              <GuardedButton may={mayEdit} type="submit" loading={create.isPending}>
                Create token
              </GuardedButton>
              <Button variant="subtle" color="gray" onClick={onClose}>
                Cancel
              </Button>
            </>
          }
        >
          <TextInput
            label="Name"
            description="Letters, digits, - and _"
            required
            withAsterisk={false}
            data-autofocus
            maxLength={64}
            error={fieldProblem(create.error, 'delegateToken.name')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label="Names that its delegates may take"
            description="* stands for anything: staging-*"
            required
            withAsterisk={false}
            error={fieldProblem(create.error, 'delegateToken.namePattern')}
            value={namePattern}
            onChange={(event) => setNamePattern(event.currentTarget.value)}
          />
        </Form>
      ) : (
        <div className={classes.stack}>
          <ShownOnce label={`Token “${name}”.`} value={create.data.value} />
          <div>
            <Button variant="default" onClick={onClose}>
              Done
            </Button>
          </div>
        </div>
      )}
    </Modal>
  )
}
