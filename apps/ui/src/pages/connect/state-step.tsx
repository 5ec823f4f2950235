import { Button } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { call } from '../../api/call.ts'
import { useDatabaseRequests } from '../../api/database-request.ts'
import { useMay } from '../../api/permissions.ts'
import { usePaths } from '../../api/project.ts'
import type { InstanceOverview, SchemaAddress } from '../../api/schemas.ts'
import { ConnectionPhases } from '../../connection/connection-phases.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { EmptyState, FailureNote } from '../../design/states.tsx'
import { ChangesetDrawer } from '../../matrix/changeset-drawer.tsx'
import { countWords } from '../../matrix/count-marks.tsx'
import { Matrix } from '../../matrix/matrix.tsx'
import type { ChangesetKey } from '../../matrix/matrix-data.ts'
import { BASELINE_PHASES, REFRESH_PHASES } from '../../matrix/request-phases.ts'
import { baselineCount } from './baseline-count.ts'
import { Baseline } from './baseline.tsx'
import classes from './connect.module.css'

interface StateStepProps {
  address: SchemaAddress
  instance: string
  overview: InstanceOverview | undefined
}

/** What the database has of the changelog, by its own history. Looks by itself when nobody has yet. */
export function StateStep({ address, instance, overview }: StateStepProps) {
  const paths = usePaths()
  const mayLook = useMay('core_connector_access')
  const requests = useDatabaseRequests(address)
  const followed = requests.byInstance[instance]
  const request = followed?.request
  const [opened, setOpened] = useState<ChangesetKey>()
  const filter = useMemo(() => ({ states: [], search: '', instances: [instance] }), [instance])
  const params = { ...address, instance }
  const look = (): void => {
    void requests.start([instance], async () => [await call('refreshInstance', { params, query: { waitSeconds: 1 } })])
  }
  const latest = useRef(look)
  useEffect(() => {
    latest.current = look
  })
  const isDue = mayLook.isAllowed && overview !== undefined && overview.lastRefreshedAt === undefined
  const hasBegun = useRef(false)
  useEffect(() => {
    if (!isDue || hasBegun.current) return
    hasBegun.current = true
    latest.current()
  }, [isDue])
  const hasLooked = overview?.lastRefreshedAt !== undefined
  const isBaseline = request?.kind === 'baseline'
  const toMark = baselineCount(overview)
  return (
    <>
      {hasLooked && overview.counts.total > 0 ? (
        <div className={classes.headline} role="status">
          {countWords(overview.counts)}
        </div>
      ) : (
        <p className={classes.lead}>
          A delegate reads the changelog and the history table of the database. It writes nothing.
        </p>
      )}
      <FailureNote error={followed?.error} />
      {request === undefined || request.status === 'SUCCESS' ? null : (
        <ConnectionPhases
          expected={isBaseline ? BASELINE_PHASES : REFRESH_PHASES}
          status={request.status}
          phases={request.phases}
          delegateName={request.delegateName}
          waitingFor={request.waitingFor}
          startedAt={request.startedAt}
          finishedAt={request.finishedAt}
          error={request.error}
        />
      )}
      {request === undefined && overview?.lastFailure !== undefined ? (
        <div className={classes.note} role="alert">
          {overview.lastFailure.message}
        </div>
      ) : null}
      {isBaseline && request.status === 'SUCCESS' ? (
        <div className={classes.note} data-tone="good" role="status">
          {(request.markedCount ?? 0).toLocaleString()} changesets are marked as deployed now. None of them ran.
        </div>
      ) : null}
      {hasLooked && overview.counts.total > 0 ? (
        <div className={classes.matrix}>
          <Matrix
            address={address}
            filter={filter}
            onOpen={setOpened}
            opened={opened === undefined ? undefined : { key: opened, instance }}
            instanceTo={(id) => paths.instance(address.schema, id)}
            empty={<EmptyState title="The changelog has no changesets" />}
          />
        </div>
      ) : null}
      {toMark > 0 && !(isBaseline && request.status !== 'FAILURE') ? (
        <Baseline
          address={address}
          instance={instance}
          pending={toMark}
          hasHistory={request?.hasHistory}
          isRunning={requests.isRunning}
          onStart={(body) =>
            void requests.start([instance], async () => [
              await call('baselineInstance', { params, query: { waitSeconds: 1 }, body }),
            ])
          }
        />
      ) : null}
      <div className={classes.buttons}>
        <GuardedButton
          may={mayLook}
          variant="default"
          leftSection={<IconRefresh size={15} />}
          loading={requests.isRunning}
          onClick={look}
        >
          {hasLooked ? 'Look again' : 'Look now'}
        </GuardedButton>
        <Button
          variant="subtle"
          color="gray"
          renderRoot={(props) => <Link {...props} to={paths.schema(address.schema)} />}
        >
          Open the schema
        </Button>
      </div>
      {opened === undefined ? null : (
        <ChangesetDrawer
          address={address}
          changeset={opened}
          instance={instance}
          onClose={() => setOpened(undefined)}
        />
      )}
    </>
  )
}
