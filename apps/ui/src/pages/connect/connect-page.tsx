import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { connectorQuery } from '../../api/connector-choice.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { targetOf } from '../../api/reference.ts'
import { overviewQuery } from '../../api/schemas.ts'
import type { ConnectionTest } from '../../connection/use-connection-test.ts'
import { Page } from '../../design/page.tsx'
import { countWords } from '../../matrix/count-marks.tsx'
import classes from './connect.module.css'
import { DatabaseStep } from './database-step.tsx'
import type { PastedDatabase } from './parse-database.ts'
import { PipelineStep } from './pipeline-step.tsx'
import { RepositoryStep } from './repository-step.tsx'
import type { ConnectSearch, Step } from './route.ts'
import { StateStep } from './state-step.tsx'
import { TestStep } from './test-step.tsx'
import { testWords } from './test-words.ts'
import { WizardStep } from './wizard-step.tsx'

const routeApi = getRouteApi('/signed-in/orgs/$org/projects/$project/connect')

/** From the address of a database to its state and a pipeline, on one page. What was made stays, whatever fails later. */
export function ConnectPage() {
  const { org, project, query } = useProject()
  const paths = usePaths()
  const search = routeApi.useSearch()
  const navigate = routeApi.useNavigate()
  const [pasted, setPasted] = useState<PastedDatabase>({})
  // Counts saves, so that each is tested once.
  const [saves, setSaves] = useState(0)
  const [test, setTest] = useState<ConnectionTest>()
  const show = useCallback(
    (changed: Partial<ConnectSearch>): void => {
      void navigate({ search: (before: ConnectSearch) => ({ ...before, ...changed }), replace: true })
    },
    [navigate],
  )
  const { database, schema, instance } = search
  const connector = useQuery({ ...connectorQuery(query, database ?? ''), enabled: database !== undefined }).data
  const address = { org, project, schema: schema ?? '' }
  const overview = useQuery({ ...overviewQuery(address), enabled: schema !== undefined }).data?.find(
    (one) => one.instance === instance,
  )
  const works = test?.status === 'SUCCESS' || (saves === 0 && connector?.status.status === 'SUCCESS')
  const done: Record<Step, boolean> = {
    database: database !== undefined,
    test: database !== undefined && works,
    repository: schema !== undefined && instance !== undefined,
    state: overview?.lastRefreshedAt !== undefined && overview.lastFailure === undefined,
    pipeline: false,
  }
  const order: Step[] = ['database', 'test', 'repository', 'state']
  const first = order.find((step) => !done[step]) ?? 'state'
  const opened = search.step ?? first
  // The last two stand together: one looks at the state and goes on.
  const isLast = (step: Step): boolean =>
    (step === 'state' || step === 'pipeline') && (opened === 'state' || opened === 'pipeline')
  const reached = order.indexOf(first)
  const stateOf = (step: Step): 'done' | 'open' | 'later' => {
    if (step === 'pipeline') return done.state && isLast('pipeline') ? 'open' : 'later'
    if (opened === step || isLast(step)) return reached >= order.indexOf(step) ? 'open' : 'later'
    if (done[step]) return 'done'
    return order.indexOf(step) <= reached ? 'open' : 'later'
  }
  return (
    <Page
      title="Connect a database"
      subtitle="Until you run a pipeline or mark a baseline, your database is only read."
      crumbs={[{ label: 'DB schemas', to: paths.schemas }]}
      actions={
        database === undefined ? null : (
          <Button
            variant="subtle"
            color="gray"
            renderRoot={(props) => <Link {...props} to={paths.connect} search={{}} reloadDocument />}
          >
            Start over
          </Button>
        )
      }
    >
      <div className={classes.steps}>
        <WizardStep
          number={1}
          title="Database"
          state={stateOf('database')}
          summary={
            connector?.connector.type === 'JDBC' ? (
              <code>{connector.connector.spec.url}</code>
            ) : (
              connector?.connector.name
            )
          }
          onOpen={() => show({ step: 'database' })}
        >
          <DatabaseStep
            reference={database}
            onPasted={setPasted}
            onSaved={(reference) => {
              setTest(undefined)
              setSaves((count) => count + 1)
              show({ database: reference, step: undefined })
            }}
          />
        </WizardStep>
        <WizardStep
          number={2}
          title="Connection test"
          state={stateOf('test')}
          summary={test === undefined ? 'Works' : testWords(test)}
          verb="Show"
          onOpen={() => show({ step: 'test' })}
        >
          {database === undefined ? null : (
            <TestStep
              key={database}
              target={targetOf(database, query)}
              saves={saves}
              wasTested={connector === undefined || connector.status.status !== 'UNKNOWN'}
              onTested={(finished) => {
                setTest(finished)
                if (finished?.status === 'SUCCESS') show({ step: undefined })
              }}
              onChange={() => show({ step: 'database' })}
            />
          )}
        </WizardStep>
        <WizardStep
          number={3}
          title="Repository and changelog"
          state={stateOf('repository')}
          summary={
            <>
              {schema} · {instance}
            </>
          }
        >
          {database === undefined ? null : (
            <RepositoryStep
              database={database}
              databaseName={connector?.connector.name ?? ''}
              git={search.git}
              schema={schema}
              pasted={pasted}
              onGit={(git) => show({ git })}
              onMade={(made) => show({ ...made, step: undefined })}
            />
          )}
        </WizardStep>
        <WizardStep
          number={4}
          title="State"
          state={stateOf('state')}
          summary={overview === undefined ? undefined : countWords(overview.counts)}
          onOpen={() => show({ step: 'state' })}
        >
          {schema === undefined || instance === undefined ? null : (
            <StateStep key={`${schema} ${instance}`} address={address} instance={instance} overview={overview} />
          )}
        </WizardStep>
        <WizardStep number={5} title="Pipeline" state={stateOf('pipeline')}>
          {schema === undefined ? null : (
            <PipelineStep
              key={schema}
              address={address}
              rights={test?.phases.find(({ phase }) => phase === 'privileges')?.message}
            />
          )}
        </WizardStep>
      </div>
    </Page>
  )
}
