import { Drawer, PasswordInput } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call, type Output } from '../../api/call.ts'
import { useMay } from '../../api/permissions.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { referenceTo, scopeText, targetOf } from '../../api/reference.ts'
import { secretQuery, valueProblem } from '../../api/secret.ts'
import { Dim } from '../../design/cell.tsx'
import { DeleteDialog } from '../../design/delete-dialog.tsx'
import { DrawerSection } from '../../design/drawer-section.tsx'
import { Form } from '../../design/form.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Facts } from '../../design/page.tsx'
import { FailedState, FailureNote, LoadingRows } from '../../design/states.tsx'
import { TagList, tagWords } from '../../design/tags.tsx'
import { Ago } from '../../design/time.tsx'
import { PipelinesSwitch } from './create-secret.tsx'

type Usage = Output<'getSecret'>

/** One secret: who uses it, a new value for it, and the way out. */
export function SecretDrawer({ reference, onClose }: { reference: string; onClose: () => void }) {
  const { query } = useProject()
  const found = useQuery(secretQuery(query, reference))
  return (
    <Drawer opened onClose={onClose} title={found.data?.secret.name ?? reference} size="lg">
      {found.data === undefined ? (
        found.error === null ? (
          <LoadingRows />
        ) : (
          <FailedState error={found.error} onRetry={() => void found.refetch()} />
        )
      ) : (
        <SecretDetails usage={found.data} reference={reference} onDeleted={onClose} />
      )}
    </Drawer>
  )
}

function SecretDetails({ usage, reference, onDeleted }: { usage: Usage; reference: string; onDeleted: () => void }) {
  const { secret, secretVersion, createdAt, updatedAt } = usage
  const project = useProject().query
  const target = targetOf(reference, project)
  const queryClient = useQueryClient()
  const mayEdit = useMay('core_secret_edit', target.query)
  const mayDelete = useMay('core_secret_delete', target.query)
  const [isDeleting, setDeleting] = useState(false)
  const setReadable = useMutation({
    mutationFn: (connectorsOnly: boolean) =>
      call('updateSecret', {
        params: { identifier: secret.identifier },
        query: target.query,
        body: { secret: { ...secret, spec: { valueType: 'Inline', connectorsOnly } }, version: usage.version },
      }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['secrets'] }),
  })
  return (
    <>
      <DrawerSection>
        <Facts
          rows={[
            ['Reference', <code key="r">{reference}</code>],
            ['Belongs to', scopeText(secret)],
            ['Value', `version ${secretVersion}, not shown to anybody`],
            ['Changed', <Ago key="u" at={updatedAt} />],
            ['Created', <Ago key="c" at={createdAt} />],
            ['Tags', <TagList key="t" tags={tagWords(secret.tags)} />],
            ...(secret.description === '' ? [] : ([['Description', secret.description]] as const)),
          ]}
        />
      </DrawerSection>
      <DrawerSection title="Replace the value">
        <ReplaceValue usage={usage} reference={reference} />
      </DrawerSection>
      <DrawerSection title="Where it is used">
        <WhereUsed usage={usage} />
      </DrawerSection>
      <DrawerSection title="Who may read it">
        <fieldset disabled={!mayEdit.isAllowed}>
          <PipelinesSwitch connectorsOnly={secret.spec.connectorsOnly} onChange={(only) => setReadable.mutate(only)} />
        </fieldset>
        {mayEdit.reason === undefined ? null : <Dim>{mayEdit.reason}</Dim>}
        <FailureNote error={setReadable.error} />
      </DrawerSection>
      <DrawerSection>
        <GuardedButton
          may={mayDelete}
          variant="light"
          color="red"
          leftSection={<IconTrash size={15} />}
          onClick={() => setDeleting(true)}
        >
          Delete secret
        </GuardedButton>
      </DrawerSection>
      {isDeleting ? (
        <DeleteDialog
          kind="secret"
          name={secret.name}
          hasToBeTyped={false}
          onClose={() => setDeleting(false)}
          onDelete={async () => {
            await call('deleteSecret', { params: { identifier: secret.identifier }, query: target.query })
            onDeleted()
            await queryClient.invalidateQueries({ queryKey: ['secrets'] })
          }}
        >
          The value is gone for good. A secret that a connector uses is not deleted.
        </DeleteDialog>
      ) : null}
    </>
  )
}

function ReplaceValue({ usage: { secret, version }, reference }: { usage: Usage; reference: string }) {
  const project = useProject().query
  const target = targetOf(reference, project)
  const queryClient = useQueryClient()
  const mayEdit = useMay('core_secret_edit', target.query)
  const [value, setValue] = useState('')
  const replace = useMutation({
    mutationFn: () =>
      call('updateSecret', {
        params: { identifier: secret.identifier },
        query: target.query,
        body: {
          secret: { ...secret, spec: { valueType: 'Inline', connectorsOnly: secret.spec.connectorsOnly, value } },
          version,
        },
      }),
    onSuccess: async () => {
      setValue('')
      await queryClient.invalidateQueries({ queryKey: ['secrets'] })
    },
  })
  const atValue = valueProblem(replace.error)
  return (
    <Form
      label="Replace the value"
      onSubmit={() => replace.mutate()}
      error={atValue === undefined ? replace.error : undefined}
      actions={
        <>
          <GuardedButton
            may={mayEdit}
            type="submit"
            variant="default"
            disabled={mayEdit.isAllowed && value === ''}
            loading={replace.isPending}
          >
            Store new value
          </GuardedButton>
          <span role="status">
            {replace.isSuccess && value === '' ? `Stored as version ${replace.data.secretVersion}.` : ''}
          </span>
        </>
      }
    >
      <PasswordInput
        label="New value"
        description="What runs already keeps the old one; whatever starts from now on gets this."
        autoComplete="new-password"
        disabled={!mayEdit.isAllowed}
        error={atValue}
        value={value}
        onChange={(event) => setValue(event.currentTarget.value)}
      />
    </Form>
  )
}

function WhereUsed({ usage: { usedBy, usedByCount } }: { usage: Usage }) {
  const paths = usePaths()
  const hidden = usedByCount - usedBy.length
  if (usedByCount === 0) return <>No connector uses it. Pipelines that name it in an expression are not counted here.</>
  return (
    <ul>
      {usedBy.map((connector) => (
        <li key={referenceTo(connector)}>
          <Link to={paths.connector(referenceTo(connector))}>{connector.name}</Link> · {connector.type} ·{' '}
          {scopeText(connector)}
        </li>
      ))}
      {hidden > 0 ? <li>and {hidden} more</li> : null}
    </ul>
  )
}
