// What the tests need on the machine beyond the product: a browser, and the tool that makes it trust an authority.
import { installPrograms, runs } from './prepare.mjs'

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome']

const PROGRAMS = [
  {
    isThere: () => Boolean(process.env.SLUICE_CHROMIUM) || BROWSERS.some((name) => runs(name, '--version')),
    missing: 'Chromium (another one by its path in SLUICE_CHROMIUM)',
    debian: 'chromium',
    brew: 'chromium',
  },
  { isThere: () => runs('sh', '-c', 'command -v certutil'), missing: 'certutil', debian: 'libnss3-tools', brew: 'nss' },
]

/** Installs what is missing, as `prepare` does: asking first unless `yes`, or saying exactly what to install. */
export async function prepareTests({ yes }) {
  await installPrograms(PROGRAMS, yes)
}
