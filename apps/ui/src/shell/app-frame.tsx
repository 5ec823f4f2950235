import { ActionIcon, Kbd, Tooltip, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconLayoutSidebar, IconMoon, IconSearch, IconSun } from '@tabler/icons-react'
import { Link, Outlet, useParams, useRouterState } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { rememberProject } from '../api/project.ts'
import classes from './app-frame.module.css'
import { Logo } from './logo.tsx'
import { Navigation } from './navigation.tsx'
import { ProfileMenu } from './profile-menu.tsx'
import { ProjectSwitch } from './project-switch.tsx'
import { useShortcuts } from './use-shortcuts.ts'

const CommandPalette = lazy(() =>
  import('./command-palette.tsx').then((module) => ({ default: module.CommandPalette })),
)
const isMac = navigator.platform.startsWith('Mac')

/** Bar, navigation and the page at hand. */
export function AppFrame() {
  const { org, project } = useParams({ strict: false })
  const [isPaletteOpen, setPaletteOpen] = useState(false)
  const [isRailOpen, setRailOpen] = useState(false)
  const path = useRouterState({ select: (state) => state.location.pathname })
  useHotkeys([['mod+K', () => setPaletteOpen((isOpen) => !isOpen)]], [])
  useShortcuts()
  useEffect(() => {
    if (org !== undefined && project !== undefined) rememberProject({ org, project })
  }, [org, project])
  useEffect(() => setRailOpen(false), [path])
  return (
    <div className={classes.frame}>
      <a href="#content" className={classes.skip}>
        Skip to content
      </a>
      <header className={classes.bar}>
        <ActionIcon
          className={classes.railToggle}
          aria-label={isRailOpen ? 'Close navigation' : 'Open navigation'}
          aria-expanded={isRailOpen}
          onClick={() => setRailOpen(!isRailOpen)}
        >
          <IconLayoutSidebar size={18} />
        </ActionIcon>
        <Link to="/" className={classes.brand} aria-label="Sluice, home">
          <Logo size={24} />
          <span>Sluice</span>
        </Link>
        <ProjectSwitch />
        <UnstyledButton
          className={classes.search}
          onClick={() => setPaletteOpen(true)}
          aria-label="Search or jump to…"
          aria-keyshortcuts={isMac ? 'Meta+K' : 'Control+K'}
        >
          <IconSearch size={15} aria-hidden />
          <span>Search or jump to…</span>
          <Kbd size="xs" aria-hidden>
            {isMac ? '⌘K' : 'Ctrl K'}
          </Kbd>
        </UnstyledButton>
        <SchemeToggle />
        <ProfileMenu />
      </header>
      <Navigation isOpen={isRailOpen} />
      <main id="content" data-scroll-restoration-id="content" tabIndex={-1} className={classes.content}>
        <Outlet />
      </main>
      {isPaletteOpen ? (
        <Suspense>
          <CommandPalette onClose={() => setPaletteOpen(false)} />
        </Suspense>
      ) : null}
    </div>
  )
}

function SchemeToggle() {
  const scheme = useComputedColorScheme('light')
  const { setColorScheme } = useMantineColorScheme()
  const other = scheme === 'dark' ? 'light' : 'dark'
  return (
    <Tooltip label={`Switch to ${other}`}>
      <ActionIcon aria-label={`Switch to ${other} colours`} onClick={() => setColorScheme(other)}>
        {scheme === 'dark' ? <IconSun size={17} /> : <IconMoon size={17} />}
      </ActionIcon>
    </Tooltip>
  )
}
