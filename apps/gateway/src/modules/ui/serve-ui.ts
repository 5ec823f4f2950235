import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import { AppError } from '@sluice/contracts/errors'
import type { FastifyInstance, FastifyReply } from 'fastify'

/** Word in the built page that stands for the nonce. apps/ui/vite.config.ts writes it. */
const NONCE_WORD = '__SLUICE_NONCE__'
/** Files of this folder carry a hash of their content in their names. */
const HASHED_FOLDER = 'assets'
const ONE_YEAR_SECONDS = 31_536_000

/** Content policy of the pages: own scripts only, own styles and those that carry the page's nonce. */
function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** A page's address, as opposed to a file's or the API's. Identifiers may hold dots (`account.github`). */
function isPagePath(path: string): boolean {
  const isFile = path.startsWith(`/${HASHED_FOLDER}/`) || /^\/[^/]+\.[^/]+$/.test(path)
  return path !== '/gateway' && !path.startsWith('/gateway/') && !isFile
}

/**
 * Serves the built UI from `folder`: files with a hash in their name for a year, the page itself with a fresh nonce
 * for every address that is neither a file nor the API's, so that deep links work.
 * @throws AppError INVALID_REQUEST where the folder holds no built UI
 */
export async function serveUi(app: FastifyInstance, folder: string): Promise<void> {
  readPage(folder)
  const sendPage = (reply: FastifyReply): FastifyReply => {
    const nonce = randomBytes(16).toString('base64')
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('content-security-policy', policyOf(nonce))
      .send(pageNow().replaceAll(NONCE_WORD, nonce))
  }
  /** The page as it is on disk; while a new build takes its place there may be none for a moment. */
  const pageNow = (): string => {
    try {
      return readPage(folder)
    } catch (cause) {
      throw new AppError('SERVICE_UNAVAILABLE', 'The pages are being renewed. Try again in a moment.', { cause })
    }
  }
  await app.register(fastifyStatic, {
    root: folder,
    serve: false,
    index: false,
    preCompressed: true,
    dotfiles: 'ignore',
    cacheControl: false,
    setHeaders: (reply, path) => {
      const isHashed = path.includes(`/${HASHED_FOLDER}/`)
      void reply.header('cache-control', isHashed ? `public, max-age=${ONE_YEAR_SECONDS}, immutable` : 'no-cache')
    },
  })
  app.get('/', (_request, reply) => sendPage(reply))
  app.get('/*', (request, reply) => {
    const path = decodeURIComponent(new URL(request.url, 'https://localhost').pathname)
    if (isPagePath(path)) return sendPage(reply)
    // The bare page would lack its nonce; the compressed copies are sent in place of the files that they are copies of.
    if (path === '/index.html' || path.startsWith('/gateway/') || /\.(br|gz)$/.test(path)) throw nothingAt(path)
    return reply.sendFile(path.slice(1))
  })
}

function nothingAt(path: string): AppError {
  return new AppError('ROUTE_NOT_FOUND', `There is nothing at "${path}". The API is described at /gateway/docs.`)
}

function readPage(folder: string): string {
  const file = join(folder, 'index.html')
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new AppError(
      'INVALID_REQUEST',
      `gateway can't start: SLUICE_UI_DIR is "${folder}", and there is no index.html in it. Build the UI (npm run build -w @sluice/ui) or leave SLUICE_UI_DIR out.`,
      { cause: error },
    )
  }
}
