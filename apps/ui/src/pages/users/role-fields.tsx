import { ActionIcon, Button, Input, Select } from '@mantine/core'
import { IconPlus, IconX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/call.ts'
import { assignmentOf, placeOf, ROLE_WORDS, type RoleAssignment, ROLES } from './roles.ts'
import classes from './users.module.css'

interface RoleFieldsProps {
  value: RoleAssignment[]
  onChange: (assignments: RoleAssignment[]) => void
  isOff?: boolean
  error?: string
}

const PROJECTS_MAX = 100

/** Roles of a user: in the whole account, or from an organisation or project downwards. */
export function RoleFields({ value, onChange, isOff = false, error }: RoleFieldsProps) {
  const { data } = useQuery({
    queryKey: ['projects', 'switch'],
    queryFn: ({ signal }) => call('listProjects', { query: { pageSize: PROJECTS_MAX } }, { signal }),
    staleTime: 60_000,
  })
  const projects = (data?.content ?? []).map(({ project }) => `${project.orgIdentifier}/${project.identifier}`)
  const orgs = [...new Set(projects.map((place) => place.split('/')[0] ?? ''))]
  const places = [...new Set(['', ...orgs, ...projects, ...value.map(placeOf)])]
  const set = (index: number, assignment: RoleAssignment): void =>
    onChange(value.map((before, at) => (at === index ? assignment : before)))
  return (
    <Input.Wrapper label="Roles" labelElement="div" error={error}>
      <div className={classes.roles}>
        {value.map((assignment, index) => (
          <div key={`${index} ${placeOf(assignment)}`} className={classes.role}>
            <Select
              aria-label={`Role ${index + 1}`}
              disabled={isOff}
              allowDeselect={false}
              data={ROLES.map((role) => ({ value: role, label: ROLE_WORDS[role].label }))}
              value={assignment.role}
              onChange={(chosen) => {
                const role = ROLES.find((known) => known === chosen)
                if (role !== undefined) set(index, assignmentOf(role, placeOf(assignment)))
              }}
            />
            <Select
              aria-label={`Where role ${index + 1} holds`}
              disabled={isOff}
              allowDeselect={false}
              data={places.map((place) => ({ value: place, label: place === '' ? 'The whole account' : place }))}
              value={placeOf(assignment)}
              onChange={(place) => set(index, assignmentOf(assignment.role, place ?? ''))}
            />
            <ActionIcon
              aria-label={`Take role ${index + 1} away`}
              disabled={isOff}
              onClick={() => onChange(value.filter((_, at) => at !== index))}
            >
              <IconX size={15} />
            </ActionIcon>
            <small>{ROLE_WORDS[assignment.role].text}</small>
          </div>
        ))}
        {value.length === 0 ? <small>No role: may sign in, sees nothing.</small> : null}
        <div>
          <Button
            variant="subtle"
            disabled={isOff}
            leftSection={<IconPlus size={14} />}
            onClick={() => onChange([...value, { role: 'viewer' }])}
          >
            Add a role
          </Button>
        </div>
      </div>
    </Input.Wrapper>
  )
}
