import { Button, Modal, Select, TextInput } from '@mantine/core'
import { IconKey, IconPlus } from '@tabler/icons-react'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call, type Output } from '../../api/call.ts'
import { fieldProblem } from '../../api/field-problem.ts'
import { Dim, RowActions, TwoLines } from '../../design/cell.tsx'
import { ConfirmDialog } from '../../design/confirm-dialog.tsx'
import { DataTable } from '../../design/data-table.tsx'
import { Form } from '../../design/form.tsx'
import { ShownOnce } from '../../design/shown-once.tsx'
import { EmptyState } from '../../design/states.tsx'
import { StatusBadge } from '../../design/status-mark.tsx'
import type { StatusLook } from '../../design/status.ts'
import { Ago, dateText } from '../../design/time.tsx'
import { useNow } from '../../design/use-now.ts'
import classes from './profile.module.css'

type ApiKey = Output<'listApiKeys'>['content'][number]

const PAGE_SIZE = 20
const MINUTE_MS = 60_000

/** One's own API keys: made, shown once, revoked. */
export function ApiKeys() {
  const queryClient = useQueryClient()
  const now = useNow(MINUTE_MS)
  const [pageIndex, setPageIndex] = useState(0)
  const [isCreating, setCreating] = useState(false)
  const [revoked, setRevoked] = useState<ApiKey>()
  const keys = useQuery({
    queryKey: ['api-keys', pageIndex],
    queryFn: ({ signal }) => call('listApiKeys', { query: { pageIndex, pageSize: PAGE_SIZE } }, { signal }),
    placeholderData: keepPreviousData,
  })
  return (
    <section className={classes.part} aria-labelledby="api-keys">
      <div className={classes.partHead}>
        <div>
          <h2 id="api-keys">API keys</h2>
          <p>
            For scripts: a key acts as you, with your roles, in the header <code>x-api-key</code>.
          </p>
        </div>
        <Button variant="default" leftSection={<IconPlus size={15} />} onClick={() => setCreating(true)}>
          New API key
        </Button>
      </div>
      <DataTable
        label="API keys"
        isTwoLine
        rows={keys.data?.content}
        isStale={keys.isPlaceholderData}
        error={keys.data === undefined ? (keys.error ?? undefined) : undefined}
        onRetry={() => void keys.refetch()}
        rowKey={(key) => key.identifier}
        empty={<EmptyState icon={<IconKey size={26} stroke={1.6} />} title="No API keys yet" />}
        columns={[
          {
            key: 'name',
            header: 'Name',
            cell: ({ name, identifier }) => <TwoLines first={<strong>{name}</strong>} second={identifier} />,
          },
          { key: 'state', header: 'State', width: 130, cell: (key) => <StatusBadge look={stateOf(key, now)} /> },
          {
            key: 'used',
            header: 'Last used',
            width: 130,
            cell: ({ lastUsedAt }) => (lastUsedAt === undefined ? <Dim>never</Dim> : <Ago at={lastUsedAt} />),
          },
          {
            key: 'expires',
            header: 'Expires',
            width: 210,
            cell: ({ expiresAt }) => <Dim>{expiresAt === undefined ? 'never' : dateText(expiresAt)}</Dim>,
          },
          { key: 'created', header: 'Created', width: 130, cell: ({ createdAt }) => <Ago at={createdAt} /> },
          {
            key: 'actions',
            header: <span className="s-visually-hidden">Actions</span>,
            width: 100,
            cell: (key) =>
              key.revokedAt === undefined ? (
                <RowActions>
                  <Button variant="subtle" color="red" onClick={() => setRevoked(key)}>
                    Revoke
                  </Button>
                </RowActions>
              ) : null,
          },
        ]}
        paging={
          (keys.data?.totalItems ?? 0) > PAGE_SIZE
            ? { pageIndex, pageSize: PAGE_SIZE, total: keys.data?.totalItems ?? 0, onPage: setPageIndex }
            : undefined
        }
      />
      {isCreating ? <CreateApiKey onClose={() => setCreating(false)} /> : null}
      {revoked === undefined ? null : (
        <ConfirmDialog
          title={`Revoke the API key “${revoked.name}”?`}
          verb="Revoke"
          onClose={() => setRevoked(undefined)}
          onConfirm={async () => {
            await call('revokeApiKey', { params: { identifier: revoked.identifier } })
            await queryClient.invalidateQueries({ queryKey: ['api-keys'] })
          }}
        >
          Whatever uses it is refused at once, and it can’t be brought back.
        </ConfirmDialog>
      )}
    </section>
  )
}

function stateOf({ revokedAt, expiresAt }: ApiKey, now: number): StatusLook {
  if (revokedAt !== undefined) return { label: 'Revoked', tone: 'idle', shape: 'stop' }
  if (expiresAt !== undefined && expiresAt <= now) return { label: 'Expired', tone: 'idle', shape: 'clock' }
  return { label: 'Active', tone: 'success', shape: 'check' }
}

const DAY_MS = 24 * 3_600_000
const LIFETIMES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'A year' },
  { value: '', label: 'Never' },
] as const

function CreateApiKey({ onClose }: { onClose: () => void }) {
  const queryClient = useQueryClient()
  const [name, setName] = useState('')
  const [days, setDays] = useState<string>('90')
  const create = useMutation({
    mutationFn: () =>
      call('createApiKey', {
        body: { apiKey: { name, ...(days === '' ? {} : { expiresAt: Date.now() + Number(days) * DAY_MS }) } },
      }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['api-keys'] }),
  })
  return (
    <Modal opened onClose={onClose} title="New API key" size="lg" closeOnClickOutside={false}>
      {create.data === undefined ? (
        <Form
          label="New API key"
          onSubmit={() => create.mutate()}
          error={create.error}
          actions={
            <>
              <Button type="submit" loading={create.isPending}>
                Create key
              </Button>
              <Button variant="subtle" color="gray" onClick={onClose}>
                Cancel
              </Button>
            </>
          }
        >
          <TextInput
            label="Name"
            description="What it is for"
            required
            withAsterisk={false}
            data-autofocus
            maxLength={128}
            error={fieldProblem(create.error, 'apiKey.name')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Select
            label="Expires"
            w={200}
            allowDeselect={false}
            data={LIFETIMES}
            value={days}
            onChange={(value) => setDays(value ?? '')}
          />
        </Form>
      ) : (
        <div className={classes.stack}>
          <ShownOnce label={`API key “${name}”.`} value={create.data.value} />
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
