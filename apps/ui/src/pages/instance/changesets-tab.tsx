import { Button } from '@mantine/core'
import { IconFilterOff, IconRefresh } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Allowance } from '../../api/permissions.ts'
import { usePaths } from '../../api/project.ts'
import { type DbInstance, overviewQuery, type SchemaAddress } from '../../api/schemas.ts'
import { GuardedButton } from '../../design/guarded-button.tsx'
import { SearchField } from '../../design/search-field.tsx'
import { EmptyState } from '../../design/states.tsx'
import { ChangesetDrawer } from '../../matrix/changeset-drawer.tsx'
import { sumCounts } from '../../matrix/count-marks.tsx'
import { Matrix } from '../../matrix/matrix.tsx'
import { StateChips } from '../../matrix/state-chips.tsx'
import classes from '../schema/matrix-tab.module.css'
import type { InstanceSearch } from './search.ts'

interface ChangesetsTabProps {
  address: SchemaAddress
  instance: DbInstance
  search: InstanceSearch
  onSearch: (changed: Partial<InstanceSearch>) => void
  mayLook: Allowance
  onRefresh: () => void
}

/** The matrix with one column. */
export function ChangesetsTab({ address, instance, search, onSearch, mayLook, onRefresh }: ChangesetsTabProps) {
  const paths = usePaths()
  const overview = useQuery(overviewQuery(address))
  const counts = useMemo(
    () => sumCounts((overview.data ?? []).filter((one) => one.instance === instance.identifier)),
    [overview.data, instance.identifier],
  )
  const filter = useMemo(
    () => ({ states: search.states ?? [], search: search.q ?? '', instances: [instance.identifier] }),
    [search.states, search.q, instance.identifier],
  )
  const isFiltered = filter.states.length > 0 || filter.search !== ''
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
      <Matrix
        address={address}
        filter={filter}
        opened={search.cell === undefined ? undefined : { key: search.cell, instance: instance.identifier }}
        onOpen={(key) => onSearch({ cell: { ...key, instance: instance.identifier } })}
        instanceTo={(id) => paths.instance(address.schema, id)}
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
              title="Nobody has looked at this database yet"
              action={
                <GuardedButton may={mayLook} onClick={onRefresh}>
                  Look now
                </GuardedButton>
              }
            >
              A delegate reads the changelog and the database's own history. It changes nothing.
            </EmptyState>
          )
        }
      />
      {search.cell === undefined ? null : (
        <ChangesetDrawer
          address={address}
          changeset={search.cell}
          instance={instance.identifier}
          onClose={() => onSearch({ cell: undefined })}
        />
      )}
    </div>
  )
}
