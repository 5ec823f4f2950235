import { Button } from '@mantine/core'
import { IconDatabase } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { Delegate } from '../../api/delegates.ts'
import { usePaths } from '../../api/project.ts'
import { StatusMark } from '../../design/status-mark.tsx'
import classes from './delegates.module.css'
import { delegateLook } from './delegate-look.ts'

/** Waits until a delegate of the token is there, and leads on. */
export function WaitForHeartbeat({ tokenName, arrived }: { tokenName: string; arrived: Delegate | undefined }) {
  const paths = usePaths()
  return (
    <div className={classes.wait} role="status">
      {arrived === undefined ? (
        <>
          <span className={classes.pulse} aria-hidden />
          <span className={classes.waitWords}>
            <strong>Waiting for a delegate with the token “{tokenName}”</strong>
            <small>
              Run the command. If nothing comes within a minute, read what it printed: it names the address it tried and
              why it failed.
            </small>
          </span>
        </>
      ) : (
        <>
          <StatusMark look={delegateLook(arrived)} size={28} isLabelled />
          <span className={classes.waitWords}>
            <strong>{arrived.name} is connected. Well done.</strong>
            <small>
              {arrived.host === undefined ? '' : `On ${arrived.host}, `}version {arrived.version ?? 'unknown'},{' '}
              {arrived.capacity} tasks at once{arrived.inContainer === true ? ', in a container' : ''}.
            </small>
          </span>
          <Button variant="default" component={Link} to="/account/delegates">
            All delegates
          </Button>
          <Button component={Link} to={paths.connect} leftSection={<IconDatabase size={15} />}>
            Connect a database
          </Button>
        </>
      )}
    </div>
  )
}
