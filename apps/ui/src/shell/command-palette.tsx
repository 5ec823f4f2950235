import { Kbd, Loader, Modal } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconPlus, IconRoute, IconDatabase, IconPlugConnected, IconPlayerPlay, IconSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, type ReactNode, useId, useMemo, useState } from 'react'
import { call } from '../api/call.ts'
import { usePaths, useProject } from '../api/project.ts'
import { referenceTo } from '../api/reference.ts'
import classes from './command-palette.module.css'
import { useDestinations } from './navigation.tsx'

interface Command {
  id: string
  group: 'Go to' | 'Do' | 'Pipelines' | 'DB schemas' | 'Connectors' | 'Executions'
  label: string
  hint?: ReactNode
  icon: typeof IconSearch
  to: string
}

const SEARCH_DELAY_MS = 120
const FOUND_PER_KIND = 5

/** ⌘K: every page, every common act, and everything that has a name. Arrow keys and Enter. */
export function CommandPalette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('')
  const [term] = useDebouncedValue(text.trim(), SEARCH_DELAY_MS)
  const [selected, setSelected] = useState(0)
  const navigate = useNavigate()
  const listId = useId()
  const fixed = useFixedCommands()
  const { found, isSearching } = useFound(term)
  const commands = useMemo(() => {
    const wanted = text.trim().toLowerCase()
    return [...fixed.filter(({ label }) => matches(label, wanted)), ...found]
  }, [fixed, found, text])
  const current = Math.min(selected, commands.length - 1)

  const open = (command: Command | undefined): void => {
    if (command === undefined) return
    onClose()
    void navigate({ to: command.to })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0 && commands.length > 0) {
      event.preventDefault()
      setSelected((current + step + commands.length) % commands.length)
    }
    if (event.key === 'Enter') {
      event.preventDefault()
      open(commands[current])
    }
  }
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      size={600}
      padding={0}
      yOffset="12vh"
      centered={false}
      title="Search and commands"
      classNames={{ header: 's-visually-hidden' }}
    >
      <div className={classes.field}>
        <IconSearch size={17} aria-hidden />
        <input
          data-autofocus
          role="combobox"
          aria-label="Search or type a command"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={commands[current] === undefined ? undefined : `${listId}-${current}`}
          placeholder="Search pipelines, databases, executions, or type a command"
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value)
            setSelected(0)
          }}
          onKeyDown={onKeyDown}
        />
        {isSearching ? <Loader size={14} /> : null}
      </div>
      <div id={listId} role="listbox" aria-label="Results" className={classes.list}>
        {commands.map((command, index) => (
          <div key={command.id}>
            {commands[index - 1]?.group === command.group ? null : (
              <div role="presentation" className={classes.group}>
                {command.group}
              </div>
            )}
            <div
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === current}
              className={classes.option}
              ref={index === current ? scrollToIt : undefined}
              onMouseMove={() => setSelected(index)}
              onClick={() => open(command)}
            >
              <command.icon size={16} stroke={1.7} aria-hidden />
              <span>{command.label}</span>
              {command.hint === undefined ? null : <small>{command.hint}</small>}
            </div>
          </div>
        ))}
        {commands.length === 0 ? (
          <div className={classes.nothing}>{isSearching ? 'Searching …' : `Nothing is called “${text}” here.`}</div>
        ) : null}
      </div>
    </Modal>
  )
}

function scrollToIt(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' })
}

function matches(label: string, wanted: string): boolean {
  return wanted.split(/\s+/).every((word) => label.toLowerCase().includes(word))
}

function useFixedCommands(): Command[] {
  const { project, account } = useDestinations()
  const paths = usePaths()
  return useMemo(() => {
    const pages = [...project, ...account].map((page): Command => ({
      id: page.to,
      group: 'Go to',
      label: page.label,
      icon: page.icon,
      to: page.to,
      hint: (
        <>
          <Kbd size="xs">g</Kbd> <Kbd size="xs">{page.key}</Kbd>
        </>
      ),
    }))
    const acts: Command[] = [
      { id: 'connect', group: 'Do', label: 'Connect a database', icon: IconDatabase, to: paths.connect },
      { id: 'new-pipeline', group: 'Do', label: 'Create a pipeline', icon: IconPlus, to: paths.newPipeline },
      {
        id: 'install',
        group: 'Do',
        label: 'Install a delegate',
        icon: IconPlus,
        to: '/account/delegates?install=true',
      },
      { id: 'api-key', group: 'Do', label: 'Create an API key', icon: IconPlus, to: '/profile' },
    ]
    return [...pages, ...acts]
  }, [project, account, paths])
}

/** Things whose name holds `term`, asked of the server. */
function useFound(term: string): { found: Command[]; isSearching: boolean } {
  const scope = useProject()
  const paths = usePaths()
  const { data, isFetching } = useQuery({
    queryKey: ['palette', scope.org, scope.project, term],
    enabled: term.length > 0,
    queryFn: async ({ signal }): Promise<Command[]> => {
      const [pipelines, schemas, connectors] = await Promise.allSettled([
        call('listPipelines', { query: { ...scope.query, searchTerm: term, pageSize: FOUND_PER_KIND } }, { signal }),
        call(
          'listDbSchemas',
          { params: { org: scope.org, project: scope.project }, query: { search_term: term, limit: FOUND_PER_KIND } },
          { signal },
        ),
        call(
          'listConnectors',
          {
            query: { ...scope.query, pageSize: FOUND_PER_KIND, includeAllConnectorsAvailableAtScope: 'true' },
            body: { searchTerm: term },
          },
          { signal },
        ),
      ])
      const isExecution = /^pex-[0-9a-z]{10,}$/.test(term)
      return [
        ...(isExecution
          ? [{ id: term, group: 'Executions', label: term, icon: IconPlayerPlay, to: paths.execution(term) } as const]
          : []),
        ...(pipelines.status === 'fulfilled' ? pipelines.value.content : []).map((item): Command => ({
          id: `p/${item.identifier}`,
          group: 'Pipelines',
          label: item.name,
          hint: item.identifier,
          icon: IconRoute,
          to: paths.pipeline(item.identifier),
        })),
        ...(schemas.status === 'fulfilled' ? schemas.value : []).map((item): Command => ({
          id: `s/${item.identifier}`,
          group: 'DB schemas',
          label: item.name,
          hint: item.identifier,
          icon: IconDatabase,
          to: paths.schema(item.identifier),
        })),
        ...(connectors.status === 'fulfilled' ? connectors.value.content : []).map(({ connector }): Command => ({
          id: `c/${referenceTo(connector)}`,
          group: 'Connectors',
          label: connector.name,
          hint: connector.type,
          icon: IconPlugConnected,
          to: paths.connector(referenceTo(connector)),
        })),
      ]
    },
  })
  return { found: term.length > 0 ? (data ?? []) : [], isSearching: isFetching }
}
