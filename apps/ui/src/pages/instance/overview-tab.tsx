import { Button } from '@mantine/core'
import { IconPlugConnected } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { connectorQuery } from '../../api/connector-choice.ts'
import { useMay } from '../../api/permissions.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { targetOf } from '../../api/reference.ts'
import type { DbInstance, InstanceOverview, SchemaAddress } from '../../api/schemas.ts'
import { ConnectionPhases } from '../../connection/connection-phases.tsx'
import { DATABASE_PHASES } from '../../connection/phase-rows.ts'
import { useConnectionTest } from '../../connection/use-connection-test.ts'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Facts, Panel } from '../../design/page.tsx'
import { FailureNote } from '../../design/states.tsx'
import { TagList, tagWords } from '../../design/tags.tsx'
import { Ago, dateText } from '../../design/time.tsx'
import { CountMarks } from '../../matrix/count-marks.tsx'
import { GitRef } from './git-ref.tsx'
import classes from './overview-tab.module.css'

interface OverviewTabProps {
  address: SchemaAddress
  instance: DbInstance
  overview: InstanceOverview | undefined
}

/** What an instance is, how it stands, and whether its database answers. */
export function OverviewTab({ address, instance, overview }: OverviewTabProps) {
  const paths = usePaths()
  const { query } = useProject()
  const connector = useQuery(connectorQuery(query, instance.connector)).data?.connector
  const properties = Object.entries(instance.substituteProperties)
  return (
    <div className={classes.columns}>
      <Panel title="Facts">
        <Facts
          rows={[
            ['Identifier', <code key="id">{instance.identifier}</code>],
            [
              'Database',
              connector?.type === 'JDBC' ? (
                <code key="url">{connector.spec.url}</code>
              ) : (
                <code key="c">{instance.connector}</code>
              ),
            ],
            [
              'Connector',
              <Link key="connector" to={paths.connector(instance.connector)}>
                {connector?.name ?? instance.connector}
              </Link>,
            ],
            ['Follows', <GitRef key="ref" instance={instance} />],
            ...optional('Database override', instance.database),
            ...optional('Schema', instance.schema),
            ...optional('Context', instance.context),
            ...optional('Labels', instance.labels),
            ...(properties.length === 0
              ? []
              : [['Properties', properties.map(([name, value]) => `${name} = ${value}`).join(', ')] as const]),
            ['Tags', <TagList key="tags" tags={tagWords(instance.tags)} />],
            ...optional('Last tag applied', instance.lastAppliedTag),
            ['Created', dateText(instance.created)],
          ]}
        />
      </Panel>
      <div className={classes.aside}>
        <Panel
          title="State"
          actions={
            <Button
              variant="subtle"
              renderRoot={(props) => (
                <Link
                  {...props}
                  to="/orgs/$org/projects/$project/schemas/$schema/instances/$instance"
                  params={{ ...address, instance: instance.identifier }}
                  search={{ tab: 'changesets' }}
                />
              )}
            >
              Changesets
            </Button>
          }
        >
          <Facts
            rows={[
              ['Changesets', overview === undefined ? '–' : <CountMarks key="counts" counts={overview.counts} />],
              [
                'Last look',
                overview?.lastRefreshedAt === undefined ? (
                  'Nobody has looked yet'
                ) : (
                  <Ago key="ago" at={overview.lastRefreshedAt} />
                ),
              ],
              ...(overview?.commit === undefined
                ? []
                : [['Changelog at', <code key="commit">{overview.commit.slice(0, 12)}</code>] as const]),
            ]}
          />
          {overview?.lastFailure === undefined ? null : (
            <p className={classes.failure} role="alert">
              {overview.lastFailure.message} <code>{overview.lastFailure.code}</code>
            </p>
          )}
        </Panel>
        <ConnectionPanel reference={instance.connector} />
      </div>
    </div>
  )
}

function optional(name: string, value: string | undefined): (readonly [string, React.ReactNode])[] {
  return value === undefined ? [] : [[name, <code key={name}>{value}</code>]]
}

/** Tries the connector of the instance on a delegate. */
function ConnectionPanel({ reference }: { reference: string }) {
  const { query } = useProject()
  const { test, error, isRunning, isStarted, start } = useConnectionTest()
  const mayAccess = useMay('core_connector_access')
  return (
    <Panel
      title="Connection"
      actions={
        <GuardedButton
          may={mayAccess}
          variant="default"
          leftSection={<IconPlugConnected size={15} />}
          loading={isRunning}
          onClick={() => start(targetOf(reference, query))}
        >
          Test connection
        </GuardedButton>
      }
    >
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
    </Panel>
  )
}
