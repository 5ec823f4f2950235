import { SegmentedControl } from '@mantine/core'
import { ACCOUNT } from '../../api/permissions.ts'
import { useProject } from '../../api/project.ts'
import type { EntityScope } from '../../api/reference.ts'

/** Where a token belongs, and so which projects its delegates serve. */
export type Place = 'account' | 'project'

/** Scope of a place. */
export function useScopeOf(place: Place): EntityScope {
  const { query } = useProject()
  return place === 'account' ? ACCOUNT : query
}

/** Chooses between the account and the project at hand. */
export function PlaceControl({ value, onChange }: { value: Place; onChange: (place: Place) => void }) {
  const { org, project } = useProject()
  return (
    <SegmentedControl
      size="xs"
      aria-label="Tokens of"
      data={[
        { value: 'account', label: 'The account' },
        { value: 'project', label: `${org}/${project}` },
      ]}
      value={value}
      onChange={(chosen) => onChange(chosen === 'project' ? 'project' : 'account')}
    />
  )
}
