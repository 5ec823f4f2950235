import '@fontsource-variable/inter/index.css'
import '@fontsource-variable/jetbrains-mono/index.css'
import '@mantine/core/styles.layer.css'
import '@mantine/notifications/styles.layer.css'
import './design/tokens.css'
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createQueryClient } from './api/query-client.ts'
import { pageNonce } from './design/page-nonce.ts'
import { resolveVariables, theme } from './design/theme.ts'
import { createAppRouter } from './router.tsx'
import { reloadForMissingParts } from './shell/reload-for-missing-parts.ts'
import { returnFocusAfterDialogs } from './shell/return-focus.ts'
import { SessionDialog } from './shell/session-dialog.tsx'

const queryClient = createQueryClient()
const router = createAppRouter(queryClient)
const colorScheme = localStorageColorSchemeManager({ key: 'sluice-color-scheme' })
const root = document.querySelector('#root')
if (root === null) throw new Error('index.html has no element #root')

reloadForMissingParts()
returnFocusAfterDialogs()
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolveVariables}
      colorSchemeManager={colorScheme}
      defaultColorScheme="auto"
      getStyleNonce={pageNonce}
    >
      <QueryClientProvider client={queryClient}>
        <Notifications position="bottom-right" limit={4} />
        <RouterProvider router={router} />
        <SessionDialog />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
