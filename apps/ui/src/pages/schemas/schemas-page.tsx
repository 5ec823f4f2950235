import { Button } from '@mantine/core'
import { IconDatabase, IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useMay } from '../../api/permissions.ts'
import { usePaths, useProject } from '../../api/project.ts'
import { type DbSchema, schemasQuery } from '../../api/schemas.ts'
import { DataTable } from '../../design/data-table.tsx'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { Page } from '../../design/page.tsx'
import { SearchField } from '../../design/search-field.tsx'
import { EmptyState } from '../../design/states.tsx'
import { TagList, tagWords } from '../../design/tags.tsx'
import { NewSchemaDrawer } from './new-schema-drawer.tsx'
import { LastLook, SchemaCounts } from './schema-counts.tsx'
import type { SchemasSearch } from './route.ts'

const routeApi = getRouteApi('/signed-in/orgs/$org/projects/$project/schemas')
const PAGE_SIZE = 20

/** Every DB schema of the project: where its changelog lives, and how its databases stand. */
export function SchemasPage() {
  const { org, project } = useProject()
  const paths = usePaths()
  const search = routeApi.useSearch()
  const navigate = routeApi.useNavigate()
  const mayEdit = useMay('dbops_schema_edit')
  const pageIndex = (search.page ?? 1) - 1
  const schemas = useQuery(
    schemasQuery({ org, project }, { search: search.q ?? '', page: pageIndex, limit: PAGE_SIZE }),
  )
  const show = (changed: Partial<SchemasSearch>): void => {
    void navigate({ search: (before: SchemasSearch) => ({ ...before, ...changed }), replace: true })
  }
  const address = (schema: DbSchema) => ({ org, project, schema: schema.identifier })
  return (
    <Page
      title="DB schemas"
      subtitle="A schema is a changelog; its instances are the databases that get it."
      actions={
        <>
          <GuardedButton
            may={mayEdit}
            variant="default"
            leftSection={<IconPlus size={15} />}
            onClick={() => show({ new: true })}
          >
            New schema
          </GuardedButton>
          <Button component={Link} to={paths.connect} leftSection={<IconDatabase size={15} />}>
            Connect a database
          </Button>
        </>
      }
      toolbar={
        <SearchField
          label="Search schemas"
          value={search.q ?? ''}
          onSearch={(q) => show({ q: q === '' ? undefined : q, page: undefined })}
        />
      }
    >
      <DataTable
        label="DB schemas"
        rows={schemas.data?.items}
        error={schemas.error ?? undefined}
        onRetry={() => void schemas.refetch()}
        isStale={schemas.isPlaceholderData}
        rowKey={(schema) => schema.identifier}
        onOpen={(schema) => void navigate({ to: paths.schema(schema.identifier) })}
        empty={
          search.q === undefined ? (
            <EmptyState
              icon={<IconDatabase size={26} stroke={1.6} />}
              title="No databases yet"
              action={
                <Button component={Link} to={paths.connect}>
                  Connect a database
                </Button>
              }
            >
              Connect one, and you see at once what it has of its changelog and what is still to come.
            </EmptyState>
          ) : (
            <EmptyState
              title={`No schema is called “${search.q}”`}
              action={
                <Button variant="default" onClick={() => show({ q: undefined, page: undefined })}>
                  Show all
                </Button>
              }
            />
          )
        }
        columns={[
          {
            key: 'name',
            header: 'Name',
            cell: (schema) => <Link to={paths.schema(schema.identifier)}>{schema.name}</Link>,
          },
          {
            key: 'changelog',
            header: 'Changelog',
            cell: (schema) => <code>{schema.changelog?.location ?? 'script'}</code>,
          },
          { key: 'tags', header: 'Tags', width: 160, cell: (schema) => <TagList tags={tagWords(schema.tags)} /> },
          { key: 'instances', header: 'Instances', width: 90, align: 'right', cell: (schema) => schema.instanceCount },
          { key: 'state', header: 'State', width: 250, cell: (schema) => <SchemaCounts address={address(schema)} /> },
          { key: 'look', header: 'Last look', width: 130, cell: (schema) => <LastLook address={address(schema)} /> },
        ]}
        paging={{
          pageIndex,
          pageSize: PAGE_SIZE,
          total: schemas.data?.total ?? 0,
          onPage: (page) => show({ page: page === 0 ? undefined : page + 1 }),
        }}
      />
      {search.new === true ? <NewSchemaDrawer onClose={() => show({ new: undefined })} /> : null}
    </Page>
  )
}
