import type { StreamState } from '../../api/event-stream.ts'
import type { Delegate } from '../../api/delegates.ts'
import { useRef, useState } from 'react'
import { LiveMark } from '../../design/live-mark.tsx'
import { Page, Panel } from '../../design/page.tsx'
import classes from './delegates.module.css'
import { InstallCommands } from './install-commands.tsx'
import { InstallToken, type ChosenToken } from './install-token.tsx'
import { newcomer } from './newcomer.ts'
import { useScopeOf } from './place.tsx'
import { delegatesRoute } from './route.ts'
import { WaitForHeartbeat } from './wait-for-heartbeat.tsx'

interface InstallPageProps {
  /** Delegates as they are right now; undefined until they are known. */
  delegates: readonly Delegate[] | undefined
  stream: StreamState
}

/** Token, command, first heartbeat: three steps on one page, the last one by itself. */
export function InstallPage({ delegates, stream }: InstallPageProps) {
  const { token: wanted, of } = delegatesRoute.useSearch()
  const scope = useScopeOf(of ?? 'account')
  const [token, setToken] = useState<ChosenToken | undefined>(
    wanted === undefined ? undefined : { name: wanted, scope, value: undefined },
  )
  // Who was connected when the wizard was opened: they are not what it waits for.
  const known = useRef<ReadonlySet<string>>(undefined)
  if (known.current === undefined && delegates !== undefined) {
    known.current = new Set(delegates.filter(({ connected }) => connected).map(({ identifier }) => identifier))
  }
  const arrived = token === undefined ? undefined : newcomer(delegates ?? [], known.current ?? new Set(), token.name)
  return (
    <Page
      title="Install a delegate"
      crumbs={[{ label: 'Delegates', to: '/account/delegates' }]}
      subtitle="A small program beside your databases. It calls Sluice over HTTPS; nothing calls it."
    >
      <div className={classes.steps}>
        <Panel title={<Step number={1} title="A token to enrol with" />}>
          <InstallToken chosen={token} onChoose={setToken} />
        </Panel>
        <Panel title={<Step number={2} title="The command that starts it" isOff={token === undefined} />}>
          {token === undefined ? (
            <span className={classes.off}>Comes when there is a token.</span>
          ) : (
            <InstallCommands token={token} />
          )}
        </Panel>
        <Panel
          title={<Step number={3} title="Its first heartbeat" isOff={token === undefined} />}
          actions={token === undefined ? undefined : <LiveMark state={stream} />}
        >
          {token === undefined ? (
            <span className={classes.off}>This page waits for it, and says when it is there.</span>
          ) : (
            <WaitForHeartbeat tokenName={token.name} arrived={arrived} />
          )}
        </Panel>
      </div>
    </Page>
  )
}

function Step({ number, title, isOff = false }: { number: number; title: string; isOff?: boolean }) {
  return (
    <span className={isOff ? classes.off : undefined}>
      <span className={classes.number}>{number}</span>
      {title}
    </span>
  )
}
