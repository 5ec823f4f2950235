import { Button } from '@mantine/core'
import { IconDatabase, IconFilterOff, IconRefresh } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Allowance } from '../../api/permissions.ts'
import { usePaths } from '../../api/project.ts'
import { INSTANCES_PER_PAGE, overviewQuery, type SchemaAddress } from '../../api/schemas.ts'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { SearchField } from '../../design/search-field.tsx'
import { EmptyState } from '../../design/states.tsx'
import { ChangesetDrawer } from '../../matrix/changeset-drawer.tsx'
import { sumCounts } from '../../matrix/count-marks.tsx'
import { Matrix } from '../../matrix/matrix.tsx'
import { StateChips } from '../../matrix/state-chips.tsx'
import classes from './matrix-tab.module.css'
import type { SchemaSearch } from './search.ts'

interface MatrixTabProps {
  address: SchemaAddress
  search: SchemaSearch
  onSearch: (changed: Partial<SchemaSearch>) => void
  hasInstances: boolean
  mayLook: Allowance
  onRefresh: () => void
}

/** Changesets × instances with its filters; a cell opens beside it. */
export function MatrixTab({ address, search, onSearch, hasInstances, mayLook, onRefresh }: MatrixTabProps) {
  const paths = usePaths()
  const overview = useQuery(overviewQuery(address))
  const counts = useMemo(() => sumCounts(overview.data ?? []), [overview.data])
  const filter = useMemo(() => ({ states: search.states ?? [], search: search.q ?? '' }), [search.states, search.q])
  const isFiltered = filter.states.length > 0 || filter.search !== ''
  const { cell } = search
  if (!hasInstances) {
    return (
      <EmptyState
        icon={<IconDatabase size={26} stroke={1.6} />}
        title="No database gets this changelog yet"
        action={<Button onClick={() => onSearch({ tab: 'instances', new: true })}>Add an instance</Button>}
      >
        An instance is one database: a connector, and the branch that it follows.
      </EmptyState>
    )
  }
  return (
    <div className={classes.frame}>
      <div className={classes.filters}>
        <SearchField
          label="Search id, author or file"
          value={filter.search}
          onSearch={(q) => onSearch({ q: q === '' ? undefined : q })}
        />
        <StateChips
          counts={counts}
          states={filter.states}
          onChange={(states) => onSearch({ states: states.length === 0 ? undefined : states })}
        />
      </div>
      {(overview.data?.length ?? 0) > INSTANCES_PER_PAGE ? (
        <p className={classes.cut} role="status">
          Columns for the first {INSTANCES_PER_PAGE} of {overview.data?.length} databases. The others are under
          Instances, each with its own changesets.
        </p>
      ) : null}
      <Matrix
        address={address}
        filter={filter}
        opened={cell === undefined ? undefined : { key: cell, instance: cell.instance }}
        onOpen={(key, instance) => onSearch({ cell: { ...key, instance } })}
        instanceTo={(instance) => paths.instance(address.schema, instance)}
        empty={
          isFiltered ? (
            <EmptyState
              icon={<IconFilterOff size={26} stroke={1.6} />}
              title="No changeset matches"
              action={
                <Button variant="default" onClick={() => onSearch({ q: undefined, states: undefined })}>
                  Show all
                </Button>
              }
            />
          ) : (
            <EmptyState
              icon={<IconRefresh size={26} stroke={1.6} />}
              title="Nobody has looked at these databases yet"
              action={
                <GuardedButton may={mayLook} onClick={onRefresh}>
                  Look now
                </GuardedButton>
              }
            >
              A delegate reads the changelog and each database's own history. It changes nothing.
            </EmptyState>
          )
        }
      />
      {cell === undefined ? null : (
        <ChangesetDrawer
          address={address}
          changeset={cell}
          instance={cell.instance}
          onClose={() => onSearch({ cell: undefined })}
        />
      )}
    </div>
  )
}
