import { IconPencil, IconPlugConnected, IconTrash } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { call } from '../../api/call.ts'
import { connectorQuery } from '../../api/connector-choice.ts'
import { useMay } from '../../api/permissions.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { type EntityScope, scopeText, targetOf } from '../../api/reference.ts'
import { ConnectionPhases } from '../../connection/connection-phases.tsx'
import { DATABASE_PHASES, GIT_PHASES } from '../../connection/phase-rows.ts'
import { useConnectionTest } from '../../connection/use-connection-test.ts'
import { DeleteDialog } from '../../design/delete-dialog.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Page, Panel } from '../../design/page.tsx'
import { FailedState, FailureNote, LoadingRows } from '../../design/states.tsx'
import { Ago } from '../../design/time.tsx'
import { CATALOGUE, type ConnectorEnvelope } from './catalogue.ts'
import { ConnectorFacts } from './connector-facts.tsx'
import { ConnectorIcon } from './connector-icon.tsx'
import classes from './connector-page.module.css'
import { ConnectorStatus } from './connector-status.tsx'
import { EditConnector } from './edit-connector.tsx'
import { connectorRoute } from './route.ts'

/** One connector: what it is, and whether it works. */
export function ConnectorPage() {
  const { query } = useProject()
  const { connector: reference } = connectorRoute.useParams()
  const paths = usePaths()
  const found = useQuery(connectorQuery(query, reference))
  const crumbs = [{ label: 'Connectors', to: paths.connectors }]
  if (found.data === undefined) {
    return (
      <Page title={reference} crumbs={crumbs}>
        <Panel>
          {found.error === null ? (
            <LoadingRows />
          ) : (
            <FailedState error={found.error} onRetry={() => void found.refetch()} />
          )}
        </Panel>
      </Page>
    )
  }
  return <KnownConnector key={reference} envelope={found.data} target={targetOf(reference, query)} />
}

function KnownConnector({
  envelope,
  target,
}: {
  envelope: ConnectorEnvelope
  target: { identifier: string; query: EntityScope }
}) {
  const { connector, status, lastModifiedAt } = envelope
  const { edit = false } = connectorRoute.useSearch()
  const navigate = connectorRoute.useNavigate()
  const paths = usePaths()
  const queryClient = useQueryClient()
  const mayEdit = useMay('core_connector_edit', target.query)
  const mayDelete = useMay('core_connector_delete', target.query)
  const [isDeleting, setDeleting] = useState(false)
  const setEdit = (isOn: boolean): void => void navigate({ search: isOn ? { edit: true } : {}, replace: !isOn })
  return (
    <Page
      title={connector.name}
      heading={
        <>
          <ConnectorIcon type={connector.type} size={20} /> {connector.name}
        </>
      }
      crumbs={[{ label: 'Connectors', to: paths.connectors }]}
      subtitle={
        <>
          <ConnectorStatus status={status} />
          <span>{CATALOGUE[connector.type].title}</span>
          <span>{scopeText(connector)}</span>
          <span>
            changed <Ago at={lastModifiedAt} />
          </span>
        </>
      }
      actions={
        <>
          <GuardedButton
            may={mayEdit}
            variant="default"
            disabled={edit}
            leftSection={<IconPencil size={15} />}
            onClick={() => setEdit(true)}
          >
            Edit
          </GuardedButton>
          <GuardedButton
            may={mayDelete}
            variant="default"
            leftSection={<IconTrash size={15} />}
            onClick={() => setDeleting(true)}
          >
            Delete
          </GuardedButton>
        </>
      }
    >
      <div className={classes.halves}>
        <Panel title={edit ? 'Edit' : 'Details'}>
          {edit ? (
            <EditConnector envelope={envelope} scope={target.query} onDone={() => setEdit(false)} />
          ) : (
            <ConnectorFacts envelope={envelope} />
          )}
        </Panel>
        <TestPanel envelope={envelope} target={target} />
      </div>
      {isDeleting ? (
        <DeleteDialog
          kind="connector"
          name={connector.name}
          hasToBeTyped={false}
          onClose={() => setDeleting(false)}
          onDelete={async () => {
            await call('deleteConnector', { params: { identifier: target.identifier }, query: target.query })
            await navigate({ to: paths.connectors })
            await queryClient.invalidateQueries({ queryKey: ['connectors'] })
          }}
        >
          DB schemas, DB instances and pipelines that refer to it fail until they name another one. The secret it uses
          stays.
        </DeleteDialog>
      ) : null}
    </Page>
  )
}

function TestPanel({
  envelope: { connector, status },
  target,
}: {
  envelope: ConnectorEnvelope
  target: { identifier: string; query: EntityScope }
}) {
  const { test: isAsked = false } = connectorRoute.useSearch()
  const navigate = connectorRoute.useNavigate()
  const mayTest = useMay('core_connector_access', target.query)
  const { test, error, isRunning, isStarted, start } = useConnectionTest()
  const hasBegun = useRef(false)
  const shouldBegin = isAsked && mayTest.isAllowed
  useEffect(() => {
    if (!shouldBegin || hasBegun.current) return
    hasBegun.current = true
    start(target)
    // Going back to this page later tests nothing by itself.
    void navigate({ search: {}, replace: true })
  }, [shouldBegin, start, target, navigate])
  const isDatabase = CATALOGUE[connector.type].kind === 'database'
  return (
    <Panel
      title="Connection test"
      actions={
        <GuardedButton
          may={mayTest}
          loading={isRunning}
          leftSection={<IconPlugConnected size={15} />}
          onClick={() => start(target)}
        >
          {isStarted ? 'Test again' : 'Test connection'}
        </GuardedButton>
      }
    >
      {error !== null && !isRunning ? (
        <FailureNote error={error} onRetry={() => start(target)} />
      ) : (
        <ConnectionPhases
          expected={isDatabase ? DATABASE_PHASES : GIT_PHASES}
          status={test?.status ?? (isRunning ? 'RUNNING' : 'IDLE')}
          phases={test?.phases ?? []}
          delegateName={test?.delegateName}
          waitingFor={test?.waitingFor}
          startedAt={test?.startedAt}
          finishedAt={test?.finishedAt}
          error={test?.error}
          idleNote={<LastTest status={status} />}
        />
      )}
    </Panel>
  )
}

function LastTest({ status }: { status: ConnectorEnvelope['status'] }) {
  if (status.testedAt === undefined) return <>Not tested yet.</>
  return (
    <>
      {status.status === 'SUCCESS' ? 'Worked' : 'Did not work'} when last tested, <Ago at={status.testedAt} />.{' '}
      {status.errorSummary}
    </>
  )
}
