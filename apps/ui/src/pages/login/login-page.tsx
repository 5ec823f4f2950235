import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useEffect } from 'react'
import { session } from '../../api/session.ts'
import { Logo } from '../../shell/logo.tsx'
import { SignInForm } from '../../shell/sign-in-form.tsx'
import classes from './login-page.module.css'
import { loginRoute } from './route.ts'

export function LoginPage() {
  const { next } = loginRoute.useSearch()
  const router = useRouter()
  const queryClient = useQueryClient()
  useEffect(() => {
    document.title = 'Sign in · Sluice'
  }, [])
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <Logo size={34} />
        <h1>Sign in to Sluice</h1>
        <p>The open control plane for database delivery.</p>
        <SignInForm
          onSignedIn={() => {
            session.renew()
            queryClient.clear()
            router.history.push(next ?? '/')
          }}
        />
        <footer>
          First start? What started Sluice printed the first user and password: <code>npm start</code> on its screen,
          Docker Compose in <code>docker compose logs setup</code>.
        </footer>
      </div>
    </main>
  )
}
