import { Button } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { useDelegates } from '../../api/delegates.ts'
import { useMay } from '../../api/permissions.ts'
import { useProject } from '../../api/project.ts'
import type { targetOf } from '../../api/reference.ts'
import { ConnectionPhases } from '../../connection/connection-phases.tsx'
import { DATABASE_PHASES } from '../../connection/phase-rows.ts'
import { type ConnectionTest, useConnectionTest } from '../../connection/use-connection-test.ts'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { FailureNote } from '../../design/states.tsx'
import classes from './connect.module.css'

interface TestStepProps {
  target: ReturnType<typeof targetOf>
  /** Rises with every save: each is tested. */
  saves: number
  /** A test has a result already. */
  wasTested: boolean
  /** Told with the test, or with nothing where it could not begin. */
  onTested: (test: ConnectionTest | undefined) => void
  /** Leads back to address and password. */
  onChange: () => void
}

/** Tries the database from a delegate, phase by phase. Begins by itself. */
export function TestStep({ target, saves, wasTested, onTested, onChange }: TestStepProps) {
  const { query } = useProject()
  const mayTest = useMay('core_connector_access')
  const { list } = useDelegates(query)
  const { test, error, isRunning, isStarted, startAndWait } = useConnectionTest()
  const isMissing = list.data !== undefined && !list.data.some(({ connected }) => connected)
  const tested = useRef(-1)
  const run = (): void => {
    // A failure to start is shown from the mutation's own state.
    startAndWait(target).then(
      (finished) => onTested(finished),
      () => onTested(undefined),
    )
  }
  const latest = useRef(run)
  useEffect(() => {
    latest.current = run
  })
  const isDue = mayTest.isAllowed && (saves > 0 || !wasTested)
  useEffect(() => {
    if (!isDue || tested.current === saves) return
    tested.current = saves
    latest.current()
  }, [isDue, saves])
  return (
    <>
      {isMissing ? (
        <div className={classes.note} role="status">
          <span>No delegate is connected. One has to run where the database can be reached; it takes two minutes.</span>
          <Button
            variant="default"
            renderRoot={(props) => (
              <Link {...props} to="/account/delegates" search={{ install: true }} target="_blank" />
            )}
          >
            Install a delegate
          </Button>
          <span>The test goes on by itself as soon as it is connected.</span>
        </div>
      ) : null}
      <FailureNote error={error} />
      {error !== null ? null : (
        <ConnectionPhases
          expected={DATABASE_PHASES}
          status={test?.status ?? (isStarted ? 'RUNNING' : 'IDLE')}
          phases={test?.phases ?? []}
          delegateName={test?.delegateName}
          waitingFor={test?.waitingFor}
          startedAt={test?.startedAt}
          finishedAt={test?.finishedAt}
          error={test?.error}
        />
      )}
      <div className={classes.buttons}>
        <GuardedButton
          may={mayTest}
          variant="default"
          leftSection={<IconRefresh size={15} />}
          loading={isRunning}
          onClick={run}
        >
          Test again
        </GuardedButton>
        <Button variant="subtle" color="gray" onClick={onChange}>
          Change address or password
        </Button>
      </div>
    </>
  )
}
