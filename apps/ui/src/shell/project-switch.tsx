import { Menu, UnstyledButton } from '@mantine/core'
import { IconCheck, IconSelector } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import { pathsOf, useProject } from '../api/project.ts'
import classes from './project-switch.module.css'

/** The project at hand, and the others. */
export function ProjectSwitch() {
  const { org, project } = useProject()
  const navigate = useNavigate()
  const { data } = useQuery({
    queryKey: ['projects', 'switch'],
    queryFn: ({ signal }) => call('listProjects', { query: { pageSize: 100 } }, { signal }),
    staleTime: 60_000,
  })
  const projects = (data?.content ?? []).map((entry) => entry.project)
  const current = projects.find((item) => item.orgIdentifier === org && item.identifier === project)
  return (
    <Menu position="bottom-start" width={260}>
      <Menu.Target>
        <UnstyledButton className={classes.switch}>
          <span className={classes.org}>{org}</span>
          <span aria-hidden className={classes.slash}>
            /
          </span>
          <span className={classes.project}>{current?.name ?? project}</span>
          <span className="s-visually-hidden">, switch project</span>
          <IconSelector size={14} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Projects</Menu.Label>
        {projects.map((item) => (
          <Menu.Item
            key={`${item.orgIdentifier}/${item.identifier}`}
            onClick={() => void navigate({ to: pathsOf({ org: item.orgIdentifier, project: item.identifier }).home })}
            rightSection={item === current ? <IconCheck size={15} /> : null}
          >
            {item.name} <span className={classes.org}>{item.orgIdentifier}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
