import {
  IconBuildingWarehouse,
  IconClipboardList,
  IconDatabase,
  IconHome,
  IconKey,
  IconPlugConnected,
  IconPlayerPlay,
  IconRoute,
  IconServer2,
  IconSettings,
  IconUsers,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { usePaths } from '../api/project.ts'
import classes from './navigation.module.css'

export interface Destination {
  label: string
  to: string
  icon: typeof IconHome
  /** Second key after "g" that leads there. */
  key: string
}

/** Where one can go, in order: the project's pages and the account's. */
export function useDestinations(): { project: Destination[]; account: Destination[] } {
  const paths = usePaths()
  return {
    project: [
      { label: 'Home', to: paths.home, icon: IconHome, key: 'h' },
      { label: 'Pipelines', to: paths.pipelines, icon: IconRoute, key: 'p' },
      { label: 'Executions', to: paths.executions, icon: IconPlayerPlay, key: 'e' },
      { label: 'DB schemas', to: paths.schemas, icon: IconDatabase, key: 's' },
      { label: 'Connectors', to: paths.connectors, icon: IconPlugConnected, key: 'c' },
      { label: 'Secrets', to: paths.secrets, icon: IconKey, key: 'k' },
    ],
    account: [
      { label: 'Delegates', to: '/account/delegates', icon: IconServer2, key: 'd' },
      { label: 'Audit trail', to: '/account/audit', icon: IconClipboardList, key: 'a' },
      { label: 'Users', to: '/account/users', icon: IconUsers, key: 'u' },
      { label: 'Settings', to: '/account/settings', icon: IconSettings, key: ',' },
    ],
  }
}

/** The rail at the left. */
export function Navigation({ isOpen }: { isOpen: boolean }) {
  const { project, account } = useDestinations()
  const paths = usePaths()
  return (
    <nav className={classes.rail} aria-label="Main" data-open={isOpen ? true : undefined}>
      <div className={classes.group}>
        {project.map((item) => (
          <Item key={item.to} item={item} isExact={item.to === paths.home} />
        ))}
      </div>
      <div className={classes.title}>
        <IconBuildingWarehouse size={13} aria-hidden /> Account
      </div>
      <div className={classes.group}>
        {account.map((item) => (
          <Item key={item.to} item={item} isExact={false} />
        ))}
      </div>
      <Link to={paths.connect} className={classes.connect}>
        <IconDatabase size={15} aria-hidden /> Connect a database
      </Link>
    </nav>
  )
}

function Item({ item, isExact }: { item: Destination; isExact: boolean }) {
  return (
    <Link to={item.to} className={classes.item} activeOptions={{ exact: isExact, includeSearch: false }}>
      <item.icon size={17} stroke={1.7} aria-hidden />
      {item.label}
    </Link>
  )
}
