import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { useMay } from '../../api/permissions.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { Form } from '../../design/form.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Page, Panel } from '../../design/page.tsx'
import { CATALOGUE, CONNECTOR_TYPES, type ConnectorType } from './catalogue.ts'
import { ConnectorFields } from './connector-fields.tsx'
import { ConnectorIcon } from './connector-icon.tsx'
import classes from './connector-page.module.css'
import { emptyDraft, inputOf } from './draft.ts'
import { connectorRoute, newConnectorRoute } from './route.ts'

/** First what to connect to, then how. */
export function NewConnectorPage() {
  const { type } = newConnectorRoute.useSearch()
  const paths = usePaths()
  const crumbs = [{ label: 'Connectors', to: paths.connectors }]
  if (type === undefined) {
    return (
      <Page title="New connector" crumbs={crumbs} subtitle="What do you want to reach?">
        <div className={classes.catalogue}>
          {CONNECTOR_TYPES.map((item) => (
            <Link
              key={item}
              from={newConnectorRoute.fullPath}
              to="."
              search={{ type: item }}
              className={classes.choice}
              preload={false}
            >
              <ConnectorIcon type={item} size={22} />
              <strong>{CATALOGUE[item].title}</strong>
              <span>{CATALOGUE[item].text}</span>
            </Link>
          ))}
        </div>
      </Page>
    )
  }
  return (
    <Page title={`New connector: ${CATALOGUE[type].title}`} crumbs={crumbs} subtitle={CATALOGUE[type].text}>
      <NewConnector key={type} type={type} />
    </Page>
  )
}

function NewConnector({ type }: { type: ConnectorType }) {
  const { query } = useProject()
  const queryClient = useQueryClient()
  const navigate = newConnectorRoute.useNavigate()
  const mayEdit = useMay('core_connector_edit')
  const [draft, setDraft] = useState(() => emptyDraft(type))
  const save = useMutation({
    mutationFn: () => call('createConnector', { query, body: { connector: inputOf(draft, query) } }),
    onSuccess: async ({ connector }) => {
      await queryClient.invalidateQueries({ queryKey: ['connectors'] })
      await navigate({
        to: connectorRoute.fullPath,
        params: { org: query.orgIdentifier, project: query.projectIdentifier, connector: connector.identifier },
        search: { test: true },
        replace: true,
      })
    },
  })
  return (
    <Panel>
      <Form
        label="New connector"
        onSubmit={() => save.mutate()}
        error={save.error}
        actions={
          <>
            <GuardedButton may={mayEdit} type="submit" loading={save.isPending}>
              Save and test
            </GuardedButton>
            <Button variant="subtle" color="gray" onClick={() => void navigate({ search: {} })}>
              Another type
            </Button>
          </>
        }
      >
        <ConnectorFields draft={draft} onChange={setDraft} error={save.error} isStored={false} />
      </Form>
    </Panel>
  )
}
