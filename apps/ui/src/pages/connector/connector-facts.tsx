import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usePaths } from '../../api/project.ts'
import { Facts } from '../../design/page.tsx'
import { TagList, tagWords } from '../../design/tags.tsx'
import { Ago } from '../../design/time.tsx'
import type { ConnectorEnvelope } from './catalogue.ts'
import { type ConnectorDraft, draftOf } from './draft.ts'

/** What a connector is made of. */
export function ConnectorFacts({ envelope: { connector, createdAt, status } }: { envelope: ConnectorEnvelope }) {
  const draft = draftOf(connector)
  const rows: (readonly [string, ReactNode])[] = [
    ['Identifier', <code key="i">{connector.identifier}</code>],
    [connector.type === 'JDBC' ? 'JDBC URL' : 'URL', <code key="u">{draft.url}</code>],
    ...(connector.type === 'JDBC'
      ? []
      : ([
          ['The URL is', draft.urlKind === 'Repo' ? 'one repository' : 'an account of many repositories'],
          ['Read by', draft.isThroughDelegate ? 'a delegate' : 'Sluice itself'],
        ] as const)),
    ...(draft.validationRepo === ''
      ? []
      : ([['Repository for tests', <code key="v">{draft.validationRepo}</code>]] as const)),
    ['Authentication', <Login key="a" draft={draft} />],
    ['Delegate selectors', <TagList key="s" tags={draft.selectors} none="any delegate" />],
    ['Tags', <TagList key="t" tags={tagWords(connector.tags)} />],
    ...(connector.description === '' ? [] : ([['Description', connector.description]] as const)),
    ['Created', <Ago key="c" at={createdAt} />],
    ['Last worked', status.lastConnectedAt === undefined ? '–' : <Ago key="w" at={status.lastConnectedAt} />],
  ]
  return <Facts rows={rows} />
}

function Login({ draft }: { draft: ConnectorDraft }) {
  const paths = usePaths()
  if (draft.login === 'None') return <>none</>
  return (
    <>
      {draft.username === '' ? null : (
        <>
          <code>{draft.username}</code>,{' '}
        </>
      )}
      {draft.login === 'Token' ? 'token' : 'password'} of secret{' '}
      <Link to={paths.secrets} search={{ secret: draft.secretRef }}>
        {draft.secretRef}
      </Link>
    </>
  )
}
