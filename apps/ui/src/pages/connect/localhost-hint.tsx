import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { delegatesQuery } from '../../api/delegates.ts'
import { useProject } from '../../api/project.ts'
import classes from './connect.module.css'
import { isLoopback, withHost } from './jdbc-url.ts'

const DOCKER_HOST = 'host.docker.internal'

/** What `localhost` means to the delegates at hand, said before anybody waits for a test. */
export function LocalhostHint({ url, onUse }: { url: string; onUse: (url: string) => void }) {
  const { query } = useProject()
  const delegates = useQuery(delegatesQuery(query)).data
  if (!isLoopback(url)) return null
  const connected = (delegates ?? []).filter(({ connected: isConnected }) => isConnected)
  const contained = connected.filter(({ inContainer }) => inContainer === true)
  if (contained.length === 0) {
    if (connected.length === 0) return null
    return (
      <div className={classes.note} data-tone="info" role="status">
        “localhost” is the machine of the delegate ({connected.map(({ name }) => name).join(', ')}), not yours.
      </div>
    )
  }
  return (
    <div className={classes.note} role="status">
      <span>
        {contained.map(({ name }) => name).join(', ')} runs in a container, where “localhost” is the container itself.
      </span>
      <Button variant="default" onClick={() => onUse(withHost(url, DOCKER_HOST))}>
        Write {DOCKER_HOST} instead
      </Button>
    </div>
  )
}
